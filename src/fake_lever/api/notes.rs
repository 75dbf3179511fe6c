//! `/opportunities/:o/notes`

use serde::Deserialize;

use super::super::dice::fresh_id;
use super::super::model::{Note, NoteField};
use super::super::refusal::Refusal;
use super::super::state::Account;
use super::paging::page_of;
use super::{Answer, Call};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NoteBody {
    value: String,
    #[serde(default)]
    secret: bool,
    score: Option<i64>,
    created_at: Option<i64>,
}

impl NoteBody {
    fn parse(call: &Call) -> Result<Self, Refusal> {
        let body = Self::deserialize(call.json_body()?).map_err(|wrong| Refusal::bad(wrong.to_string()))?;
        match body.score {
            Some(score) if !(1..=4).contains(&score) => Err(Refusal::bad("score must be 1 to 4")),
            _ => Ok(body),
        }
    }
}

pub fn list(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let opportunity = account.opportunity(call.opportunity())?;
    page_of(call, &opportunity.notes, |it| &it.id, |it| it.json())
}

pub fn get(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let opportunity = account.opportunity(call.opportunity())?;
    let found = opportunity.notes.iter().find(|it| it.id == call.segment(3));
    Answer::ok(found.ok_or_else(|| Refusal::missing("Note"))?.json())
}

/// Makes a note, or a comment on the note that `note_id` names.
pub fn create(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let body = NoteBody::parse(call)?;
    let performer = call.performer(account)?.map(|user| user.id.clone());
    // Without `perform_as` the application itself is shown as the author.
    let user = performer.unwrap_or_else(|| call.client.clone());
    let opportunity = account.opportunity_mut(call.opportunity())?;
    opportunity.last_interaction_at = call.now;
    let created_at = body.created_at.unwrap_or(call.now);
    let field = NoteField { value: body.value, user: user.clone(), score: body.score, stage: opportunity.stage.clone(), created_at };
    let note = match call.param("note_id") {
        Some(id) => {
            let found = opportunity.notes.iter_mut().find(|it| it.id == id);
            let note = found.ok_or_else(|| Refusal::missing("Note"))?;
            note.fields.push(field);
            note.clone()
        }
        None => {
            let note = Note { id: fresh_id(), user, secret: body.secret, created_at, fields: vec![field], made_by_api: true };
            opportunity.notes.push(note.clone());
            note
        }
    };
    let mut answer = note.json();
    answer["noteId"] = answer["id"].clone();
    Answer::created(answer)
}

pub fn update(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let body = NoteBody::parse(call)?;
    let note = changeable(account, call)?;
    note.secret = body.secret;
    note.fields[0].value = body.value;
    note.fields[0].score = body.score;
    Answer::ok(note.json())
}

pub fn delete(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    changeable(account, call)?;
    let opportunity = account.opportunity_mut(call.opportunity())?;
    opportunity.notes.retain(|it| it.id != call.segment(3));
    Ok(Answer::Empty)
}

fn changeable<'a>(account: &'a mut Account, call: &Call) -> Result<&'a mut Note, Refusal> {
    let opportunity = account.opportunity_mut(call.opportunity())?;
    let found = opportunity.notes.iter_mut().find(|it| it.id == call.segment(3));
    let note = found.ok_or_else(|| Refusal::missing("Note"))?;
    if note.made_by_api { Ok(note) } else { Err(Refusal::forbidden("Note was not made through the API")) }
}
