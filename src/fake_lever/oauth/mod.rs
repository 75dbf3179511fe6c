//! The authorization server beside the API: consent, codes, tokens with rotation.

mod authorize;
mod grants;
mod jwt;
mod scopes;
mod token;

pub use authorize::{AuthorizeRequest, Decision, decide};
pub use grants::{Access, Grants, TokenCalls};
pub use scopes::{Scopes, in_words};
pub use token::{Endpoint, answer};
