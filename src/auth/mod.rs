//! Who is calling. The extractor in a handler's signature IS its permission: [`Member`], [`Admin`], [`Session`].
//!
//! Programs send a bearer token; browsers trade one for a session cookie. An organization is created by its first valid token.

mod extract;
mod jwks;
mod organizations;
mod session;
mod session_routes;
mod token;

use serde::{Deserialize, Serialize};

use crate::ids::TenantId;
pub use extract::{Admin, Member, Session, SessionAdmin};
pub use session::{COOKIE, begin as begin_session, end as end_session};
pub use session_routes::router;
pub use token::Verifier;

/// A person of an organization, as their token or session says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub tenant: TenantId,
    /// ModernLoop's id of the person.
    pub user_id: String,
    pub email: String,
    pub role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Admin,
    Member,
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }
}
