//! Which opportunities' sets are to be read (again): what the sync and its sweep walk.
//!
//! The order is what people feel: who has interviews to come, then those whom something happened to last.

use chrono::{DateTime, Utc};

use crate::db::TenantTx;
use crate::mirror::children::Kind;

/// Which opportunities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    Active,
    Archived,
    /// Those with interviews to come, archived or not.
    Upcoming,
}

/// Whether a sweep also takes sets that were never read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeverRead {
    Too,
    Not,
}

/// Opportunities whose set of this kind was never read, or last before `before`.
///
/// # Errors
/// The database failed.
pub async fn unread(
    tx: &mut TenantTx,
    kind: Kind,
    among: Among,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "WITH upcoming AS (SELECT DISTINCT opportunity_id AS id FROM interviews
                           WHERE tenant_id = $1 AND gone_at IS NULL AND canceled_at IS NULL AND start_at >= $5)
         SELECT o.id FROM opportunities o LEFT JOIN upcoming u ON u.id = o.id
         WHERE o.tenant_id = $1 AND o.gone_at IS NULL
           AND CASE $3 WHEN 'active' THEN o.archived_at IS NULL WHEN 'archived' THEN o.archived_at IS NOT NULL ELSE u.id IS NOT NULL END
           AND coalesce(CASE $2 WHEN 'panels' THEN o.panels_synced_at WHEN 'notes' THEN o.notes_synced_at ELSE o.resumes_synced_at END < $4, true)
         ORDER BY u.id IS NULL, o.last_interaction_at DESC NULLS LAST, o.id LIMIT $6",
    )
    .bind(tx.tenant())
    .bind(kind.column())
    .bind(among.word())
    .bind(before)
    .bind(now)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await
}

/// Those of these opportunities whose set of this kind is still to be read: not gone, and nobody has read it since `before`.
///
/// # Errors
/// The database failed.
pub async fn unread_among(tx: &mut TenantTx, kind: Kind, ids: &[&str], before: DateTime<Utc>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT id FROM opportunities
         WHERE tenant_id = $1 AND id = ANY($3) AND gone_at IS NULL
           AND coalesce(CASE $2 WHEN 'panels' THEN panels_synced_at WHEN 'notes' THEN notes_synced_at ELSE resumes_synced_at END < $4, true)",
    )
    .bind(tx.tenant())
    .bind(kind.column())
    .bind(ids)
    .bind(before)
    .fetch_all(&mut **tx)
    .await
}

/// Sets that are looked for because they were last read long ago.
#[derive(Debug, Clone, Copy)]
pub struct StaleSets<'a> {
    pub kind: Kind,
    pub among: Among,
    pub before: DateTime<Utc>,
    pub never_read: NeverRead,
    /// Opportunities that are left out.
    pub but: &'a [&'a str],
}

/// Opportunities with such a set, and when it was read: the one that has waited longest first.
///
/// # Errors
/// The database failed.
pub async fn stale(
    tx: &mut TenantTx,
    wanted: StaleSets<'_>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(String, Option<DateTime<Utc>>)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, read_at FROM (
             SELECT o.id, CASE $2 WHEN 'panels' THEN o.panels_synced_at WHEN 'notes' THEN o.notes_synced_at ELSE o.resumes_synced_at END AS read_at
             FROM opportunities o
             WHERE o.tenant_id = $1 AND o.gone_at IS NULL
               AND CASE $3 WHEN 'active' THEN o.archived_at IS NULL WHEN 'archived' THEN o.archived_at IS NOT NULL
                           ELSE o.id IN (SELECT opportunity_id FROM interviews
                                         WHERE tenant_id = $1 AND gone_at IS NULL AND canceled_at IS NULL AND start_at >= $5) END) sets
         WHERE coalesce(read_at < $4, $7) AND id <> ALL($8) ORDER BY read_at NULLS FIRST, id LIMIT $6",
    )
    .bind(tx.tenant())
    .bind(wanted.kind.column())
    .bind(wanted.among.word())
    .bind(wanted.before)
    .bind(now)
    .bind(limit)
    .bind(wanted.never_read == NeverRead::Too)
    .bind(wanted.but)
    .fetch_all(&mut **tx)
    .await
}

/// Active opportunities that no read since then has brought: they are archived or gone, or were skipped by a list that shifted.
///
/// # Errors
/// The database failed.
pub async fn active_unseen_since(tx: &mut TenantTx, since: DateTime<Utc>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM opportunities WHERE tenant_id = $1 AND gone_at IS NULL AND archived_at IS NULL AND synced_at < $2 ORDER BY id")
        .bind(tx.tenant())
        .bind(since)
        .fetch_all(&mut **tx)
        .await
}

impl Among {
    fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
            Self::Upcoming => "upcoming",
        }
    }
}

impl Kind {
    fn column(self) -> &'static str {
        match self {
            Self::Panels => "panels",
            Self::Notes => "notes",
            Self::Resumes => "resumes",
        }
    }
}
