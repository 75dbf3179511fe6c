//! All that says how an organization's connection stands, in one statement: every page asks for it, beside what it shows.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::connection::{Connection, select};
use super::reseal::{Sealed, Secrets};
use super::webhooks::{Recorded, WebhookStatus};
use crate::crypto::{Keyring, Standing};
use crate::db::TenantTx;

/// See the module.
pub struct Overview {
    pub connection: Connection,
    /// `None` as long as our copy of the users does not hold them.
    pub grantor: Option<SyncedGrantor>,
    pub webhooks: Vec<WebhookStatus>,
    /// The worst standing among the sealed secrets.
    pub secrets: Standing,
}

/// The Lever user who granted access, as last synced. No `Debug`: it names a person.
#[derive(Default)]
pub struct SyncedGrantor {
    pub name: Option<String>,
    pub email: Option<String>,
    pub access_role: Option<String>,
    /// Deactivated at Lever, or gone.
    pub has_left: bool,
}

/// The columns of [`SyncedGrantor`].
type GrantorColumns = (Option<String>, Option<String>, Option<String>, bool);
/// A webhook's id, its event, its key, whether it stands at Lever, when it missed something, its oldest delivery and its newest.
type WebhookColumns = (String, String, Sealed, bool, Option<DateTime<Utc>>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    connection: Connection,
    access_token: Sealed,
    refresh_token: Sealed,
    grantor: Option<GrantorColumns>,
    webhooks: Vec<WebhookColumns>,
}

/// How the organization's connection stands; `None` when it never had one.
///
/// # Errors
/// The database failed.
pub async fn overview(tx: &mut TenantTx, keyring: &Keyring) -> Result<Option<Overview>, sqlx::Error> {
    // Of retired webhooks too: their keys are secrets as well, and what they missed was missed. The first and the last delivery are each an
    // end of an index; asked for as a minimum and a maximum, Postgres may read all that lie between.
    let row: Option<Row> = sqlx::query_as(select!(
        ", c.access_token, c.refresh_token,
           (SELECT ROW(u.name, u.email, u.access_role, u.deactivated_at IS NOT NULL OR u.gone_at IS NOT NULL)
            FROM users u WHERE u.tenant_id = $1 AND u.id = c.lever_user_id) AS grantor,
           ARRAY(SELECT ROW(w.id, w.event, w.signature_token, w.retired_at IS NULL AND w.lever_id IS NOT NULL AND w.signature_token IS NOT NULL,
                            CASE WHEN w.missed_at >= c.connected_at THEN w.missed_at END,
                            (SELECT received_at FROM webhook_deliveries
                             WHERE tenant_id = $1 AND event = w.event AND received_at >= c.connected_at AND w.retired_at IS NULL
                             ORDER BY received_at LIMIT 1),
                            (SELECT received_at FROM webhook_deliveries
                             WHERE tenant_id = $1 AND event = w.event AND received_at >= c.connected_at AND w.retired_at IS NULL
                             ORDER BY received_at DESC LIMIT 1))
                 FROM webhooks w
                 WHERE w.tenant_id = $1
                   AND (w.retired_at IS NULL OR w.signature_token IS NOT NULL OR w.missed_at >= c.connected_at)) AS webhooks"
    ))
    .bind(tx.tenant())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| row.read(tx, keyring)))
}

impl Row {
    fn read(self, tx: &TenantTx, keyring: &Keyring) -> Overview {
        let mut secrets = Secrets { access_token: self.access_token, refresh_token: self.refresh_token, ..Secrets::default() };
        let mut recorded = Vec::new();
        for (id, event, key, registered, missed_at, first_delivery_at, last_delivery_at) in self.webhooks {
            if let Some(key) = key {
                secrets.webhooks.push(id);
                secrets.keys.push(key);
            }
            recorded.push(Recorded { event, registered, missed_at, first_delivery_at, last_delivery_at });
        }
        let grantor = |(name, email, access_role, has_left)| SyncedGrantor { name, email, access_role, has_left };
        Overview {
            connection: self.connection,
            grantor: self.grantor.map(grantor),
            webhooks: WebhookStatus::of(&recorded),
            secrets: secrets.standing(tx.tenant(), keyring),
        }
    }
}
