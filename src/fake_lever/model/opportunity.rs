//! Opportunities with their application, and the place each has in Lever's list.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::posting::confidentiality;
use super::{Contact, Note, Panel, Resume};

/// The ways a candidacy can begin; also the default condition of a webhook.
pub const OPPORTUNITY_ORIGINS: [&str; 6] = ["applied", "sourced", "referred", "university", "internal", "agency"];

/// Stage rank, then most recently advanced first, then id (recorded).
pub type OrderKey = (u32, Reverse<i64>, String);

#[derive(Clone)]
pub struct Archived {
    pub reason: Option<String>,
    pub at: i64,
}

impl Archived {
    pub fn json(archived: Option<&Self>) -> Value {
        archived.map_or(Value::Null, |it| json!({"reason": it.reason, "archivedAt": it.at}))
    }
}

#[derive(Clone)]
pub struct StageChange {
    pub stage: String,
    pub index: usize,
    pub at: i64,
    pub user: Option<String>,
}

#[derive(Clone)]
pub struct Application {
    pub id: String,
    pub kind: String,
    pub posting: String,
    pub posting_owner: String,
    pub posting_hiring_manager: Option<String>,
    pub user: Option<String>,
    pub created_at: i64,
}

#[derive(Clone)]
pub struct Opportunity {
    pub id: String,
    pub contact: String,
    pub stage: String,
    pub rank: u32,
    pub confidential: bool,
    pub archived: Option<Archived>,
    pub tags: Vec<String>,
    pub sources: Vec<String>,
    pub stage_changes: Vec<StageChange>,
    pub origin: String,
    pub sourced_by: Option<String>,
    pub owner: Option<String>,
    pub followers: Vec<String>,
    pub application: Option<Application>,
    pub created_at: i64,
    pub updated_at: Option<i64>,
    pub last_interaction_at: i64,
    pub last_advanced_at: i64,
    pub snoozed_until: Option<i64>,
    pub location: Option<String>,
    pub panels: Vec<Panel>,
    pub notes: Vec<Note>,
    pub resumes: Vec<Resume>,
}

/// What is left of a deleted opportunity.
#[derive(Clone)]
pub struct Deleted {
    pub id: String,
    pub at: i64,
    pub by: String,
}

impl Deleted {
    pub fn json(&self) -> Value {
        json!({"id": self.id, "deletedAt": self.at, "deletedBy": self.by})
    }
}

impl Opportunity {
    pub fn order_key(&self) -> OrderKey {
        (self.rank, Reverse(self.last_advanced_at), self.id.clone())
    }

    pub fn is_active(&self) -> bool {
        self.archived.is_none()
    }

    pub fn posting(&self) -> Option<&str> {
        self.application.as_ref().map(|application| application.posting.as_str())
    }

    pub fn json(&self, person: &Contact) -> Value {
        let mut opportunity = self.json_of_a_write();
        opportunity["name"] = json!(person.name);
        opportunity["headline"] = json!(person.headline);
        opportunity["location"] = json!(person.location);
        opportunity["phones"] = person.phones_json();
        opportunity["emails"] = json!(person.emails);
        opportunity["links"] = json!(person.links);
        opportunity["isAnonymized"] = json!(person.is_anonymized);
        if let Some(location) = &self.location {
            opportunity["opportunityLocation"] = json!(location);
        }
        opportunity
    }

    /// The answer to a change of stage, archive state or tags: the personal fields are empty and
    /// the opportunity's own location is missing (recorded).
    pub fn json_of_a_write(&self) -> Value {
        json!({
            "id": self.id,
            "name": "",
            "contact": self.contact,
            "headline": "",
            "stage": self.stage,
            "confidentiality": confidentiality(self.confidential),
            "location": "",
            "phones": [],
            "emails": [],
            "links": [],
            "archived": Archived::json(self.archived.as_ref()),
            "tags": self.tags,
            "sources": self.sources,
            "stageChanges": self.stage_changes.iter().map(StageChange::json).collect::<Vec<_>>(),
            "origin": self.origin,
            "sourcedBy": self.sourced_by,
            "owner": self.owner,
            "followers": self.followers,
            "applications": self.application.iter().map(|it| &it.id).collect::<Vec<_>>(),
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "lastInteractionAt": self.last_interaction_at,
            "lastAdvancedAt": self.last_advanced_at,
            "snoozedUntil": self.snoozed_until,
            "urls": {
                "list": "https://hire.lever.example/candidates",
                "show": format!("https://hire.lever.example/candidates/{}", self.id),
            },
            "isAnonymized": false,
            "dataProtection": null,
        })
    }

    pub fn applications_json(&self, person: &Contact) -> Vec<Value> {
        self.application.iter().map(|it| it.json(self, person)).collect()
    }
}

impl StageChange {
    fn json(&self) -> Value {
        let mut change = json!({"toStageId": self.stage, "toStageIndex": self.index, "updatedAt": self.at});
        if let Some(user) = &self.user {
            change["userId"] = json!(user);
        }
        change
    }
}

impl Application {
    fn json(&self, opportunity: &Opportunity, person: &Contact) -> Value {
        let applied = self.kind == "posting" && !person.is_anonymized;
        json!({
            "id": self.id,
            "type": self.kind,
            "candidateId": opportunity.id,
            "opportunityId": opportunity.id,
            "posting": self.posting,
            "postingHiringManager": self.posting_hiring_manager,
            "postingOwner": self.posting_owner,
            "name": applied.then_some(&person.name),
            "company": null,
            "phone": null,
            "email": if applied { person.emails.first() } else { None },
            "links": [],
            "comments": null,
            "user": self.user,
            "customQuestions": [],
            "createdAt": self.created_at,
            "archived": Archived::json(opportunity.archived.as_ref()),
            "requisitionForHire": null,
            "ipAddress": null,
            "referer": null,
            "userAgent": null,
            "acceptLanguage": null,
            "timezone": null,
        })
    }
}
