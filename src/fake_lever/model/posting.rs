//! Job postings.

use serde_json::{Value, json};

#[derive(Clone)]
pub struct Posting {
    pub id: String,
    pub text: String,
    pub state: String,
    pub channels: Option<Vec<String>>,
    pub confidential: bool,
    pub user: String,
    pub owner: String,
    pub hiring_manager: Option<String>,
    pub department: String,
    pub team: String,
    pub locations: Vec<String>,
    pub commitment: String,
    pub tags: Vec<String>,
    pub requisition_codes: Vec<String>,
    pub workplace_type: String,
    /// Yearly salary, lowest and highest.
    pub salary: Option<(u32, u32)>,
    pub created_at: i64,
    pub updated_at: i64,
}

impl Posting {
    pub fn json(&self) -> Value {
        let mut posting = json!({
            "id": self.id,
            "text": self.text,
            "state": self.state,
            "distributionChannels": self.channels,
            "user": self.user,
            "owner": self.owner,
            "hiringManager": self.hiring_manager,
            "categories": {
                "commitment": self.commitment,
                "department": self.department,
                "level": null,
                "location": self.locations.first(),
                "team": self.team,
                "allLocations": self.locations,
            },
            "tags": self.tags,
            "content": {
                "description": format!("An invented job: {}.\n", self.text),
                "descriptionHtml": format!("<div>An invented job: {}.</div>", self.text),
                "lists": [],
                "closing": "",
                "closingHtml": "",
            },
            "country": "US",
            "followers": [self.owner],
            "reqCode": self.requisition_codes.first(),
            "requisitionCodes": self.requisition_codes,
            "urls": self.urls(),
            "confidentiality": confidentiality(self.confidential),
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "workplaceType": self.workplace_type,
        });
        if let Some((min, max)) = self.salary {
            posting["salaryRange"] = json!({"min": min, "max": max, "currency": "USD", "interval": "per-year-salary"});
        }
        posting["transcribeInterviews"] = json!(false);
        posting["screening"] = json!({"enabled": false});
        posting
    }

    /// Only what can be applied to has addresses (recorded: null on drafts and closed ones).
    fn urls(&self) -> Option<Value> {
        let board = "https://jobs.lever.example/stand-in";
        matches!(self.state.as_str(), "published" | "internal").then(|| {
            json!({
                "list": board,
                "show": format!("{board}/{}", self.id),
                "apply": format!("{board}/{}/apply", self.id),
            })
        })
    }
}

pub fn confidentiality(confidential: bool) -> &'static str {
    if confidential { "confidential" } else { "non-confidential" }
}
