//! What can be wrong between `DATABASE_URL` and a database that is ready to work: each its own sentence.

use std::time::Duration;

use sqlx::{Connection, PgConnection};

use crate::accounts::{self, keys::KeysError};
use crate::config::Config;
use crate::crypto::Standing;
use crate::db::{self, Db};
use crate::ids::TenantId;

/// A server that drops packets never answers.
const PATIENCE: Duration = Duration::from_secs(10);
/// Keys are the same for every organization: the first few tell.
const LOOKED_INTO: i64 = 50;

/// Is it there, ours, and migrated?
pub(super) async fn reachable(config: &Config) -> Result<String, String> {
    let connecting = tokio::time::timeout(PATIENCE, db::log_in(&config.database)).await;
    let mut connection = match connecting {
        Ok(connected) => connected.map_err(|error| why_not(&error))?,
        Err(_) => return Err("the server does not answer. Check host and port in DATABASE_URL, and the network.".into()),
    };
    let looked = begun(&mut connection).await;
    // Nothing was changed; a connection that does not end well is no finding.
    let _ = connection.close().await;
    if !looked.map_err(|error| format!("it cannot be looked into: {error}"))? {
        return Err("reachable, but nothing is in it. Run `lever-integration migrate`.".into());
    }
    let db = Db::open(&config.database).map_err(|error| why_not(&error))?;
    let migrated = db.is_migrated().await;
    db.close().await;
    match migrated {
        Ok(true) => Ok("reachable and migrated".into()),
        Ok(false) => Err("not migrated to this version. Run `lever-integration migrate`.".into()),
        Err(error) => Err(format!(
            "the role that logs in cannot work as the roles that the migrations made ({error}). \
             Run `lever-integration migrate`, or as a superuser: GRANT lever_integration_app, lever_integration_dispatch TO its name."
        )),
    }
}

/// Are the keys those that were used here, and do the stored tokens and webhook keys open? A key that is missing is found here, and
/// not by the first person who waits.
pub(super) async fn secrets(config: &Config) -> Result<String, String> {
    let db = Db::open(&config.database).map_err(|error| why_not(&error))?;
    let keys = accounts::keys::check(&db, &config.keyring).await;
    let looked = closed(&db, config).await;
    db.close().await;
    match keys {
        Ok(()) | Err(KeysError::Database(_)) => {}
        Err(error) => return Err(format!("{error}.")),
    }
    match looked.map_err(|error| format!("the stored secrets cannot be looked into: {error}"))? {
        (0, 0) => Ok("nobody is connected yet, so there is no secret to open".into()),
        (0, some) => Ok(format!("the stored secrets open ({some} looked into)")),
        (closed, some) => Err(format!(
            "{closed} of {some} organizations have secrets that no key opens. \
             Put the key that sealed them back into ENCRYPTION_KEYS, behind the first; without it they must connect again."
        )),
    }
}

/// Organizations whose secrets do not open, of how many.
async fn closed(db: &Db, config: &Config) -> Result<(usize, usize), sqlx::Error> {
    let connected: Vec<TenantId> = sqlx::query_scalar("SELECT tenant_id FROM connections WHERE status = 'connected' ORDER BY tenant_id LIMIT $1")
        .bind(LOOKED_INTO)
        .fetch_all(db.dispatch())
        .await?;
    let mut closed = 0;
    for tenant in &connected {
        let mut tx = db.begin(*tenant).await?;
        let overview = accounts::overview(&mut tx, &config.keyring).await?;
        closed += usize::from(overview.is_some_and(|overview| overview.secrets >= Standing::Unknown));
        tx.commit().await?;
    }
    Ok((closed, connected.len()))
}

/// Have migrations been applied here, whichever?
async fn begun(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(connection).await
}

fn why_not(error: &sqlx::Error) -> String {
    let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default();
    let mend = match code.as_ref() {
        "28P01" | "28000" => "Check user and password in DATABASE_URL, and that the server's pg_hba.conf lets them in.",
        "3D000" => "Make that database, with the user of DATABASE_URL as its owner, or correct the name at the end of DATABASE_URL.",
        "53300" => "Too many connections: raise the server's max_connections, or end some.",
        _ => "Check DATABASE_URL, and that Postgres accepts connections from here.",
    };
    format!("{error}. {mend}")
}
