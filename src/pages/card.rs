//! What Lever's card says, in words: how the connection stands, who made it, what a person should do. Pure.

use chrono::{DateTime, Utc};

use super::permissions;
use super::shell::Moment;
use crate::connect::{ConnectionStatus, ConnectionView, GrantorView, Warning};

/// Lever's card, apart from progress and webhooks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) badge: Badge,
    /// What is wrong and what to do.
    pub(super) warnings: Vec<Trouble>,
    /// `None`: not connected.
    pub(super) connected: Option<Connected>,
    /// Not connected, but this account's data is still here. Empty when Lever never named the account.
    pub(super) kept_account: Option<String>,
}

/// Something that a person should mend.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// In a sentence.
    pub(super) text: String,
    /// Going through Lever's consent again mends it.
    pub(super) reconnect: bool,
}

/// The status in a word or two.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Badge {
    /// `good`, `warn`, `bad` or `quiet`: how it looks.
    pub(super) tone: &'static str,
    pub(super) text: &'static str,
}

/// A connection that is there, well or not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Connected {
    pub(super) account: Option<String>,
    pub(super) grantor: Option<Grantor>,
    pub(super) since: Option<Moment>,
    pub(super) last_sync: Option<Moment>,
    pub(super) refreshable_until: Option<Moment>,
    /// Permissions that Lever did not grant, in words.
    pub(super) missing: Vec<&'static str>,
    /// A Lever account for trying things out.
    pub(super) sandbox: bool,
    /// Data is synced, or would be.
    pub(super) syncs: bool,
}

/// The Lever user who granted access.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Grantor {
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) role: Option<String>,
}

impl Card {
    pub(super) fn of(connection: &ConnectionView) -> Self {
        let account = connection.account.as_ref().map(|account| account.id.clone());
        let disconnected = connection.status == ConnectionStatus::Disconnected;
        Self {
            badge: badge(connection.status),
            warnings: connection.warnings.iter().map(trouble).collect(),
            kept_account: account.clone().filter(|_| disconnected).map(Option::unwrap_or_default),
            connected: (!disconnected).then(|| connected(connection, account.flatten())),
        }
    }

    /// The button that reconnects is next to what is wrong already.
    pub(super) fn asks_to_reconnect(&self) -> bool {
        self.warnings.iter().any(|trouble| trouble.reconnect)
    }
}

fn trouble(warning: &Warning) -> Trouble {
    let reconnect = matches!(
        warning.code,
        "reauthorization_required"
            | "missing_scopes"
            | "another_environment"
            | "encryption_key_missing"
            | "grantor_deactivated"
            | "grantor_not_super_admin"
            | "permission_ageing"
            | "permission_unused"
    );
    Trouble { text: warning.message.clone(), reconnect }
}

fn badge(status: ConnectionStatus) -> Badge {
    let (tone, text) = match status {
        ConnectionStatus::Disconnected => ("quiet", "Not connected"),
        ConnectionStatus::Connected => ("good", "Connected"),
        ConnectionStatus::Degraded => ("warn", "Needs attention"),
        ConnectionStatus::ReauthorizationRequired => ("bad", "Reconnect needed"),
    };
    Badge { tone, text }
}

fn connected(connection: &ConnectionView, account: Option<String>) -> Connected {
    let moment = |at: Option<DateTime<Utc>>| at.map(Moment);
    let complete = connection.missing_scopes.is_empty();
    Connected {
        account,
        grantor: connection.connected_by.as_ref().map(grantor),
        since: moment(connection.connected_at),
        last_sync: moment(connection.last_sync_at),
        refreshable_until: moment(connection.token.as_ref().map(|token| token.refreshable_until)),
        missing: connection.missing_scopes.iter().map(|scope| permissions::in_words(scope)).collect(),
        sandbox: connection.environment.as_deref() == Some("sandbox"),
        syncs: complete && connection.status != ConnectionStatus::ReauthorizationRequired,
    }
}

fn grantor(view: &GrantorView) -> Grantor {
    let name = view.name.clone().or_else(|| view.email.clone());
    Grantor { name: name.unwrap_or_else(|| "A Lever user".to_owned()), email: view.email.clone(), role: view.access_role.as_deref().map(title_case) }
}

/// `super admin` as a label: `Super Admin`.
fn title_case(text: &str) -> String {
    let capitalized = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    text.split(' ').map(capitalized).collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::AccountView;

    fn view(status: ConnectionStatus) -> ConnectionView {
        ConnectionView {
            status,
            environment: None,
            account: Some(AccountView { id: Some("acc-1".into()) }),
            connected_by: Some(GrantorView {
                lever_user_id: "u".into(),
                name: Some("Ada Example".into()),
                email: None,
                access_role: Some("super admin".into()),
            }),
            connected_at: None,
            granted_scopes: Vec::new(),
            missing_scopes: Vec::new(),
            token: None,
            webhooks: Vec::new(),
            warnings: Vec::new(),
            last_sync_at: None,
        }
    }

    #[test]
    fn a_working_connection_names_account_person_and_role() {
        let card = Card::of(&view(ConnectionStatus::Connected));
        let connected = card.connected.expect("connected");
        assert_eq!(card.badge.tone, "good");
        assert_eq!(connected.account.as_deref(), Some("acc-1"));
        let grantor = connected.grantor.expect("somebody connected");
        assert_eq!((grantor.name.as_str(), grantor.role.as_deref()), ("Ada Example", Some("Super Admin")));
        assert!(connected.syncs && !connected.sandbox);
    }

    #[test]
    fn what_is_missing_is_said_in_words_and_nothing_pretends_to_sync() {
        let warning = Warning { code: "missing_scopes", message: "Lever granted too little.".into() };
        let incomplete = ConnectionView { missing_scopes: vec!["webhooks:write:admin"], warnings: vec![warning], ..view(ConnectionStatus::Degraded) };
        let card = Card::of(&incomplete);
        assert_eq!(card.warnings, [Trouble { text: "Lever granted too little.".into(), reconnect: true }]);
        let connected = card.connected.expect("connected after a fashion");
        assert_eq!(connected.missing, ["Manage all webhooks"]);
        assert!(!connected.syncs);
    }

    #[test]
    fn a_former_account_is_named_only_while_its_data_is_kept() {
        let kept = Card::of(&view(ConnectionStatus::Disconnected));
        assert_eq!((kept.kept_account.as_deref(), kept.connected), (Some("acc-1"), None));
        let purged = Card::of(&ConnectionView { account: None, ..view(ConnectionStatus::Disconnected) });
        assert_eq!(purged.kept_account, None);
        assert_eq!(Card::of(&view(ConnectionStatus::Connected)).kept_account, None);
    }

    #[test]
    fn reconnecting_is_offered_only_for_what_it_mends() {
        let warning = |code| Warning { code, message: String::new() };
        let ill = ConnectionView { warnings: vec![warning("webhooks_silent"), warning("grantor_deactivated")], ..view(ConnectionStatus::Degraded) };
        assert_eq!(Card::of(&ill).warnings.iter().map(|trouble| trouble.reconnect).collect::<Vec<_>>(), [false, true]);
    }
}
