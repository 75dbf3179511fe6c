//! Where a connection's access token comes from. Lever's own rules for refreshing are in `auth`; storing and sharing tokens is
//! the business of whoever implements [`TokenSource`].

use futures_util::future::BoxFuture;
use secrecy::SecretString;

use super::Error;

/// An access token, and which one it is in the row of tokens this connection has had.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The bearer token itself.
    pub secret: SecretString,
    /// Grows with every refresh, so that a token is renewed once and not by everybody who saw it fail.
    pub version: i64,
}

/// Hands out the access token of one connected account.
///
/// Errors: [`Error::ReauthorizationRequired`] when the connection is dead, [`Error::NoToken`] when no token can be had just now.
/// Any other error is taken for the latter: nothing has been sent to Lever's API yet.
///
/// Either future may be dropped at any point, when the caller's patience ends. A refresh must not end with it: its answer holds
/// the only valid refresh token. An implementation that refreshes does so in a task of its own.
pub trait TokenSource: Send + Sync {
    /// The token to use now; may refresh ahead of expiry.
    fn current(&self) -> BoxFuture<'_, Result<AccessToken, Error>>;
    /// Another token than the one that Lever just refused.
    fn renew(&self, spent: &AccessToken) -> BoxFuture<'_, Result<AccessToken, Error>>;
    /// Lever refused a token that had just been renewed: whoever keeps the connection should know that it is dead.
    fn refused(&self, _token: &AccessToken) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
