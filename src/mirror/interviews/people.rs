//! The people who interview, looked up together: their names as our copy of the users has them, else as Lever wrote them into the
//! interview.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::db::TenantTx;
use crate::lever::{Interview, Interviewer};
use crate::mirror::users;

/// Somebody who interviews.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Interviewer)]
pub struct InterviewerView {
    /// Lever user.
    #[schema(example = "5f2a8c1e-0000-4000-8000-000000000001")]
    pub id: String,
    #[schema(example = "Rosa Example")]
    pub name: Option<String>,
    #[schema(example = "rosa@example.com")]
    pub email: Option<String>,
    /// The form this person fills in.
    #[schema(example = "no-feedback")]
    pub feedback_template_id: Option<String>,
}

/// Lever users by their ids.
pub struct People(HashMap<String, Known>);

/// What our copy of the users says of somebody. No `Debug`: it names a person.
struct Known {
    name: Option<String>,
    email: Option<String>,
}

/// Users as the columns of one row, for a statement that looks them up beside what it reads. No `Debug`: it names people.
#[derive(FromRow)]
pub struct PeopleColumns {
    people: Vec<String>,
    names: Vec<Option<String>>,
    emails: Vec<Option<String>>,
}

impl From<PeopleColumns> for People {
    fn from(columns: PeopleColumns) -> Self {
        let known = columns.names.into_iter().zip(columns.emails).map(|(name, email)| Known { name, email });
        Self(columns.people.into_iter().zip(known).collect())
    }
}

impl People {
    /// Everybody who interviews in these interviews.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of<'a>(tx: &mut TenantTx, interviews: impl Iterator<Item = &'a Interview>) -> Result<Self, sqlx::Error> {
        let ids: BTreeSet<&str> = interviews.flat_map(|interview| &interview.interviewers).map(|interviewer| interviewer.id.as_str()).collect();
        if ids.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        let users = users::find(tx, &ids).await?;
        Ok(Self(users.into_iter().map(|user| (user.id, Known { name: user.name, email: user.email })).collect()))
    }

    /// An interviewer in our words.
    pub fn view(&self, interviewer: Interviewer) -> InterviewerView {
        let (name, email) = match self.0.get(&interviewer.id) {
            Some(known) => (known.name.clone(), known.email.clone()),
            None => (None, None),
        };
        InterviewerView {
            id: interviewer.id,
            name: name.or(interviewer.name),
            email: email.or(interviewer.email),
            feedback_template_id: interviewer.feedback_template,
        }
    }
}
