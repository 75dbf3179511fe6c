//! Where Lever is: four addresses, for production and for Lever's sandbox accounts.

use url::Url;

/// The addresses of one Lever environment.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// The API's root, as `https://api.lever.co/v1`.
    pub api: Url,
    /// Where a browser is sent to ask for consent.
    pub authorize: Url,
    /// Where codes and refresh tokens are exchanged.
    pub token: Url,
    /// The `audience` of the authorize request, with its trailing slash: without it Lever offers no API scope at all.
    pub audience: String,
}

impl Endpoints {
    /// Real Lever accounts.
    pub fn production() -> Self {
        Self {
            api: constant("https://api.lever.co/v1"),
            authorize: constant("https://auth.lever.co/authorize"),
            token: constant("https://auth.lever.co/oauth/token"),
            audience: "https://api.lever.co/v1/".to_owned(),
        }
    }

    /// Lever's sandbox accounts.
    pub fn sandbox() -> Self {
        Self {
            api: constant("https://api.sandbox.lever.co/v1"),
            authorize: constant("https://sandbox-lever.auth0.com/authorize"),
            token: constant("https://sandbox-lever.auth0.com/oauth/token"),
            audience: "https://api.sandbox.lever.co/v1/".to_owned(),
        }
    }
}

fn constant(address: &'static str) -> Url {
    Url::parse(address).expect("the address is a literal in this file, and an absolute URL")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(endpoints: &Endpoints) -> [&str; 4] {
        [endpoints.api.as_str(), endpoints.authorize.as_str(), endpoints.token.as_str(), &endpoints.audience]
    }

    #[test]
    fn the_addresses_are_levers() {
        assert_eq!(
            all(&Endpoints::production()),
            ["https://api.lever.co/v1", "https://auth.lever.co/authorize", "https://auth.lever.co/oauth/token", "https://api.lever.co/v1/"]
        );
        assert_eq!(
            all(&Endpoints::sandbox()),
            [
                "https://api.sandbox.lever.co/v1",
                "https://sandbox-lever.auth0.com/authorize",
                "https://sandbox-lever.auth0.com/oauth/token",
                "https://api.sandbox.lever.co/v1/"
            ]
        );
    }
}
