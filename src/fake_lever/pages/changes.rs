//! `POST /_fake/accounts/{account}/changes`: one change made inside Lever, named in the body.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::changes::NewCandidate;
use super::super::handle::FakeLever;
use super::super::inside::Inside;
use super::super::refusal::Refusal;

/// `{"change": "archive", "opportunity": "...", "reason": "...", "quietly": true}`
#[derive(Deserialize)]
pub struct Order {
    #[serde(flatten)]
    change: Step,
    /// Without any webhook.
    #[serde(default)]
    quietly: bool,
    /// The user who makes it.
    by: Option<String>,
}

/// The methods of [`Inside`] by their names.
#[derive(Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
enum Step {
    Archive {
        opportunity: String,
        reason: String,
    },
    Unarchive {
        opportunity: String,
    },
    ChangeStage {
        opportunity: String,
        stage: String,
    },
    EditContact {
        contact: String,
        name: Option<String>,
        emails: Option<Vec<String>>,
    },
    Anonymize {
        contact: String,
    },
    AddTags {
        opportunity: String,
        tags: Vec<String>,
    },
    RemoveTags {
        opportunity: String,
        tags: Vec<String>,
    },
    DeleteOpportunity {
        opportunity: String,
    },
    AddCandidate {
        name: String,
        email: Option<String>,
    },
    SchedulePanel {
        opportunity: String,
        body: Value,
    },
    ReplacePanel {
        opportunity: String,
        panel: String,
        body: Value,
    },
    CancelPanel {
        opportunity: String,
        panel: String,
    },
    AddInterview {
        opportunity: String,
        body: Value,
    },
    ReplaceInterview {
        opportunity: String,
        interview: String,
        body: Value,
    },
    DeleteInterview {
        opportunity: String,
        interview: String,
    },
    SetPanelField {
        opportunity: String,
        panel: String,
        name: String,
        value: Value,
    },
    MovePanel {
        from: String,
        panel: String,
        to: String,
    },
    AddNote {
        opportunity: String,
        text: String,
        #[serde(default)]
        secret: bool,
    },
    DeactivateUser {
        user: String,
    },
    ReactivateUser {
        user: String,
    },
    SetAccessRole {
        user: String,
        role: String,
    },
    RenamePosting {
        posting: String,
        text: String,
    },
}

/// Answers `{"id": ...}`: the id of what was made, or null.
pub async fn make(State(lever): State<FakeLever>, Path(account): Path<String>, Json(order): Json<Order>) -> Result<Json<Value>, Refusal> {
    let mut inside = lever.inside(&account);
    if order.quietly {
        inside = inside.quietly();
    }
    if let Some(user) = &order.by {
        inside = inside.by(user);
    }
    Ok(Json(json!({"id": apply(&inside, order.change)?})))
}

fn apply(inside: &Inside, step: Step) -> Result<Option<String>, Refusal> {
    use Step as S;
    match step {
        S::AddCandidate { name, email } => {
            let new = NewCandidate { name, email, ..NewCandidate::default() };
            return inside.add_candidate(new).map(Some);
        }
        S::SchedulePanel { opportunity, body } => {
            return inside.schedule_panel(&opportunity, &body).map(Some);
        }
        S::AddInterview { opportunity, body } => {
            return inside.add_interview(&opportunity, &body).map(Some);
        }
        S::AddNote { opportunity, text, secret } => {
            return inside.add_note(&opportunity, &text, secret).map(Some);
        }
        S::Archive { opportunity, reason } => inside.archive(&opportunity, &reason)?,
        S::Unarchive { opportunity } => inside.unarchive(&opportunity)?,
        S::ChangeStage { opportunity, stage } => inside.change_stage(&opportunity, &stage)?,
        S::EditContact { contact, name, emails } => {
            inside.edit_contact(&contact, name.as_deref(), emails.as_deref())?;
        }
        S::Anonymize { contact } => inside.anonymize(&contact)?,
        S::AddTags { opportunity, tags } => inside.add_tags(&opportunity, &tags)?,
        S::RemoveTags { opportunity, tags } => inside.remove_tags(&opportunity, &tags)?,
        S::DeleteOpportunity { opportunity } => inside.delete_opportunity(&opportunity)?,
        S::ReplacePanel { opportunity, panel, body } => {
            inside.replace_panel(&opportunity, &panel, &body)?;
        }
        S::CancelPanel { opportunity, panel } => inside.cancel_panel(&opportunity, &panel)?,
        S::ReplaceInterview { opportunity, interview, body } => {
            inside.replace_interview(&opportunity, &interview, &body)?;
        }
        S::DeleteInterview { opportunity, interview } => {
            inside.delete_interview(&opportunity, &interview)?;
        }
        S::SetPanelField { opportunity, panel, name, value } => {
            inside.set_panel_field(&opportunity, &panel, &name, value)?;
        }
        S::MovePanel { from, panel, to } => inside.move_panel(&from, &panel, &to)?,
        S::DeactivateUser { user } => inside.deactivate_user(&user)?,
        S::ReactivateUser { user } => inside.reactivate_user(&user)?,
        S::SetAccessRole { user, role } => inside.set_access_role(&user, &role)?,
        S::RenamePosting { posting, text } => inside.rename_posting(&posting, &text)?,
    }
    Ok(None)
}
