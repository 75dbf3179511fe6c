//! What the handle shows of the state: plain copies, for tests and for `/_fake`.

use serde::Serialize;

use super::model::{Delivery, User, Webhook};
use super::state::Account;

/// One account.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    pub id: String,
    pub name: String,
    pub users: Vec<UserView>,
    /// In pipeline order.
    pub stages: Vec<String>,
    pub archive_reasons: Vec<String>,
    /// Reasons of the kind that means "hired".
    pub hired_reasons: Vec<String>,
    pub templates: Vec<String>,
    pub postings: Vec<String>,
    /// Opportunities in the order of Lever's list, confidential ones too.
    pub active: Vec<String>,
    pub archived: Vec<String>,
    pub confidential: Vec<String>,
}

/// One user.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    pub id: String,
    pub name: String,
    pub email: String,
    pub access_role: String,
    pub active: bool,
}

/// How many there are of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    pub users: usize,
    pub stages: usize,
    pub archive_reasons: usize,
    pub tags: usize,
    pub feedback_templates: usize,
    pub postings: usize,
    pub contacts: usize,
    pub opportunities: usize,
    pub active_opportunities: usize,
    pub confidential_opportunities: usize,
    pub panels: usize,
    /// Panels of opportunities that are not archived.
    pub panels_of_active: usize,
    pub interviews: usize,
    pub notes: usize,
    pub resumes: usize,
    pub webhooks: usize,
}

/// One registered webhook, with the key of its signatures.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookView {
    pub id: String,
    pub event: String,
    pub url: String,
    pub signature_token: String,
}

/// One delivery with its tries.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryView {
    pub id: String,
    pub webhook: String,
    pub event: String,
    pub url: String,
    /// The body as sent last.
    pub body: serde_json::Value,
    pub attempts: Vec<AttemptView>,
    pub under_way: bool,
    pub succeeded: bool,
}

/// One try of a delivery.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView {
    pub at_ms: i64,
    /// The status answered, when there was one.
    pub status: Option<u16>,
    /// What went wrong instead.
    pub problem: Option<String>,
}

impl AccountView {
    pub(super) fn of(account: &Account) -> Self {
        let ids = |wanted: &dyn Fn(&super::model::Opportunity) -> bool| {
            let opportunities = account.order.iter().filter_map(|key| account.opportunities.get(&key.2));
            opportunities.filter(|it| wanted(it)).map(|it| it.id.clone()).collect()
        };
        let hired = account.archive_reasons.iter().filter(|it| it.hired);
        Self {
            id: account.id.clone(),
            name: account.name.clone(),
            users: account.users.iter().map(UserView::of).collect(),
            stages: account.stages.iter().map(|it| it.id.clone()).collect(),
            archive_reasons: account.archive_reasons.iter().map(|it| it.id.clone()).collect(),
            hired_reasons: hired.map(|it| it.id.clone()).collect(),
            templates: account.templates.iter().map(|it| it.id.clone()).collect(),
            postings: account.postings.iter().map(|it| it.id.clone()).collect(),
            active: ids(&|it| it.is_active()),
            archived: ids(&|it| !it.is_active()),
            confidential: ids(&|it| it.confidential),
        }
    }

    /// The active users of a role ("super admin", "admin", "interviewer", ...).
    pub fn users_of_role(&self, role: &str) -> Vec<&UserView> {
        self.users.iter().filter(|user| user.active && user.access_role == role).collect()
    }

    /// The super admin who has been here longest (users are listed newest first): one who can connect an application.
    ///
    /// # Panics
    /// When no active user has that role any more.
    pub fn super_admin(&self) -> &UserView {
        let super_admins = self.users_of_role("super admin");
        super_admins.last().expect("accounts are generated with two super admins")
    }

    /// The user with this address.
    pub fn user_by_email(&self, email: &str) -> Option<&UserView> {
        self.users.iter().find(|user| user.email == email)
    }
}

impl UserView {
    fn of(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            name: user.name.clone(),
            email: user.email.clone(),
            access_role: user.access_role.clone(),
            active: user.is_active(),
        }
    }
}

impl Counts {
    pub(super) fn of(account: &Account) -> Self {
        let mut counts = Self {
            users: account.users.len(),
            stages: account.stages.len(),
            archive_reasons: account.archive_reasons.len(),
            tags: account.tag_counts().len(),
            feedback_templates: account.templates.len(),
            postings: account.postings.len(),
            contacts: account.contacts.len(),
            opportunities: account.opportunities.len(),
            webhooks: account.webhooks.len(),
            ..Self::default()
        };
        for it in account.opportunities.values() {
            counts.active_opportunities += usize::from(it.is_active());
            counts.confidential_opportunities += usize::from(it.confidential);
            counts.panels += it.panels.len();
            counts.panels_of_active += if it.is_active() { it.panels.len() } else { 0 };
            counts.interviews += it.panels.iter().map(|panel| panel.interviews.len()).sum::<usize>();
            counts.notes += it.notes.len();
            counts.resumes += it.resumes.len();
        }
        counts
    }
}

impl WebhookView {
    pub(super) fn of(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id.clone(),
            event: webhook.event.name().to_owned(),
            url: webhook.url.clone(),
            signature_token: webhook.signature_token.clone(),
        }
    }
}

impl DeliveryView {
    pub(super) fn of(delivery: &Delivery) -> Self {
        let attempt = |it: &super::model::Attempt| AttemptView {
            at_ms: it.at,
            status: it.outcome.as_ref().ok().copied(),
            problem: it.outcome.as_ref().err().cloned(),
        };
        Self {
            id: delivery.id.clone(),
            webhook: delivery.webhook.clone(),
            event: delivery.event.name().to_owned(),
            url: delivery.url.clone(),
            body: delivery.body.clone(),
            attempts: delivery.attempts.iter().map(attempt).collect(),
            under_way: delivery.under_way,
            succeeded: delivery.succeeded(),
        }
    }
}
