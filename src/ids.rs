//! The ids of our own things, each its own type so that one is never taken for another.
//!
//! Lever's ids are text (`lead-new` as well as UUIDs) and stay `String`. Ours are UUIDs; those that order by time are version 7.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map($name)
            }
        }
    };
}

uuid_id! {
    /// A ModernLoop organization: the tenant. Every query needs one.
    TenantId
}

uuid_id! {
    /// One run of the sync.
    RunId
}

uuid_id! {
    /// One write at Lever, from before it is sent until its outcome is known.
    OperationId
}

impl RunId {
    /// A new id; later ids sort after earlier ones.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for RunId {
    fn default() -> Self {
        Self::new()
    }
}

impl OperationId {
    /// A new id; later ids sort after earlier ones.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for OperationId {
    fn default() -> Self {
        Self::new()
    }
}
