//! What a page with data from Lever must say about that data: it is still arriving, it may be old, or there is none. Pure, but for
//! reading how things stand.

use crate::connect::{self, ConnectionStatus, ConnectionView};
use crate::db::TenantTx;
use crate::error::Result;
use crate::state::AppState;
use crate::sync::{self, Kind, SyncView};

/// A message on top of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Notice {
    /// `warn`, `bad` or empty: how it looks.
    pub(super) tone: &'static str,
    pub(super) title: &'static str,
    pub(super) text: String,
}

/// How much of what Lever has is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copied {
    /// Nothing was ever connected: there is nothing to show.
    Nothing,
    /// The first sync is not through.
    Arriving,
    /// The first sync is not through, and does not go on before somebody mends the connection.
    Halted,
    /// A sync has ended well.
    Everything,
}

/// How far an organization has come with Lever.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) copied: Copied,
    /// Why nothing can be written into Lever; `None` when it can.
    pub(super) no_writes: Option<&'static str>,
    pub(super) notice: Option<Notice>,
}

/// Reads how the organization stands, in a look that the page has anyway.
///
/// # Errors
/// The database failed.
pub(super) async fn standing(state: &AppState, tx: &mut TenantTx) -> Result<Standing> {
    let connection = connect::view(state, tx).await?;
    let newest = if copied(&connection) == Copied::Arriving { sync::latest(tx).await? } else { None };
    Ok(judge(&connection, newest.as_ref()))
}

fn judge(connection: &ConnectionView, newest: Option<&SyncView>) -> Standing {
    let copied = copied(connection);
    let warning = |otherwise: &str| connection.warnings.first().map_or_else(|| otherwise.to_owned(), |warning| warning.message.clone());
    let notice = match connection.status {
        ConnectionStatus::Disconnected if connection.account.is_none() => None,
        ConnectionStatus::Disconnected => Some(Notice {
            tone: "warn",
            title: "Lever is disconnected",
            text: "What you see is as it was then. Nothing is updated, and no interview can be scheduled.".to_owned(),
        }),
        ConnectionStatus::ReauthorizationRequired => {
            Some(Notice { tone: "bad", title: "Lever must be connected again", text: warning("An admin must press Reconnect.") })
        }
        ConnectionStatus::Degraded => {
            Some(Notice { tone: "warn", title: "The connection to Lever needs attention", text: warning("Look at the Integrations page.") })
        }
        ConnectionStatus::Connected if copied == Copied::Arriving => {
            Some(Notice { tone: "", title: "Still copying from Lever", text: how_far(newest) })
        }
        ConnectionStatus::Connected => None,
    };
    Standing { copied, no_writes: no_writes(connection), notice }
}

fn copied(connection: &ConnectionView) -> Copied {
    match connection.status {
        ConnectionStatus::Disconnected if connection.account.is_none() => Copied::Nothing,
        _ if connection.last_sync_at.is_some() => Copied::Everything,
        ConnectionStatus::Connected | ConnectionStatus::Degraded if connection.missing_scopes.is_empty() => Copied::Arriving,
        _ => Copied::Halted,
    }
}

fn no_writes(connection: &ConnectionView) -> Option<&'static str> {
    match connection.status {
        ConnectionStatus::Disconnected => Some("Lever is not connected, so nothing can be scheduled."),
        ConnectionStatus::ReauthorizationRequired => Some("Nothing can be scheduled until an admin has connected Lever again."),
        _ if !connection.missing_scopes.is_empty() => Some("Nothing can be scheduled until Lever has granted all permissions."),
        _ => None,
    }
}

fn how_far(newest: Option<&SyncView>) -> String {
    let candidates = newest.and_then(|sync| sync.objects.iter().find(|object| object.kind == Kind::Opportunities)).map_or(0, |object| object.synced);
    match candidates {
        0 => "The first candidates appear here in a moment.".to_owned(),
        some => format!("{} candidates are here already; more appear as they arrive.", super::progress::grouped(some)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::{AccountView, Warning};

    fn view(status: ConnectionStatus) -> ConnectionView {
        ConnectionView {
            status,
            environment: None,
            account: Some(AccountView { id: None }),
            connected_by: None,
            connected_at: None,
            granted_scopes: Vec::new(),
            missing_scopes: Vec::new(),
            token: None,
            webhooks: Vec::new(),
            warnings: vec![Warning { code: "x", message: "Do this.".into() }],
            last_sync_at: "2026-11-01T00:00:00Z".parse().ok(),
        }
    }

    #[test]
    fn a_connection_that_works_needs_no_words() {
        assert_eq!(judge(&view(ConnectionStatus::Connected), None), Standing { copied: Copied::Everything, no_writes: None, notice: None });
    }

    #[test]
    fn an_ill_one_says_what_to_do() {
        for status in [ConnectionStatus::Degraded, ConnectionStatus::ReauthorizationRequired] {
            assert_eq!(judge(&view(status), None).notice.map(|notice| notice.text).as_deref(), Some("Do this."));
        }
    }

    #[test]
    fn nothing_is_written_over_a_connection_that_takes_nothing() {
        let may = |view: &ConnectionView| judge(view, None).no_writes.is_none();
        assert!(may(&view(ConnectionStatus::Connected)) && may(&view(ConnectionStatus::Degraded)));
        assert!(!may(&view(ConnectionStatus::Disconnected)) && !may(&view(ConnectionStatus::ReauthorizationRequired)));
        assert!(!may(&ConnectionView { missing_scopes: vec!["panels:write:admin"], ..view(ConnectionStatus::Degraded) }));
    }

    #[test]
    fn before_the_first_sync_is_through_more_is_promised() {
        let standing = judge(&ConnectionView { last_sync_at: None, ..view(ConnectionStatus::Connected) }, None);
        assert!(standing.copied == Copied::Arriving && standing.notice.is_some());
    }

    #[test]
    fn nothing_more_is_promised_over_a_connection_that_brings_nothing() {
        let unsynced = |status| ConnectionView { last_sync_at: None, ..view(status) };
        let incomplete = ConnectionView { missing_scopes: vec!["panels:write:admin"], ..unsynced(ConnectionStatus::Degraded) };
        for halted in [incomplete, unsynced(ConnectionStatus::ReauthorizationRequired), unsynced(ConnectionStatus::Disconnected)] {
            assert_eq!(judge(&halted, None).copied, Copied::Halted, "{:?}", halted.status);
        }
    }

    #[test]
    fn an_organization_without_lever_is_new_and_one_that_left_is_told_so() {
        let never = judge(&ConnectionView { account: None, ..view(ConnectionStatus::Disconnected) }, None);
        assert!(never.copied == Copied::Nothing && never.notice.is_none());
        let left = judge(&view(ConnectionStatus::Disconnected), None);
        assert!(left.copied == Copied::Everything && left.notice.is_some_and(|notice| notice.title.contains("disconnected")));
    }
}
