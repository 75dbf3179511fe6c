//! The ledger: every request that reached the server as Lever would see it, for tests to check.
//! Requests to `/_fake` and to the pages for people are not in it.

use serde::Serialize;

/// One request.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LedgerEntry {
    /// Position since the start of the server, also across `clear_ledger`.
    pub number: u64,
    /// When it arrived, milliseconds since the epoch by the server's clock.
    pub at_ms: i64,
    pub method: String,
    /// Path with the `/v1`.
    pub path: String,
    /// Raw query, empty when there was none.
    pub query: String,
    /// The account whose access token it carried.
    pub account: Option<String>,
    pub perform_as: Option<String>,
    /// Lower-case hex.
    pub body_sha256: String,
    /// `None` while under way and when the connection was dropped without an answer.
    pub status: Option<u16>,
    /// Whether it changed something here, whatever was answered.
    pub committed: bool,
    /// False for a path or method that this server does not know.
    pub known_route: bool,
    /// The fault it met.
    pub fault: Option<String>,
}

#[derive(Default)]
pub struct Ledger {
    entries: Vec<LedgerEntry>,
    next: u64,
}

impl Ledger {
    /// Stores the entry and gives its number.
    pub fn enter(&mut self, mut entry: LedgerEntry) -> u64 {
        let number = self.next;
        self.next += 1;
        entry.number = number;
        self.entries.push(entry);
        number
    }

    /// The entry, unless the ledger has been cleared since.
    pub fn entry_mut(&mut self, number: u64) -> Option<&mut LedgerEntry> {
        let index = self.entries.binary_search_by_key(&number, |entry| entry.number).ok()?;
        self.entries.get_mut(index)
    }

    pub fn entries(&self) -> &[LedgerEntry] {
        &self.entries
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }
}
