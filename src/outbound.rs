//! How our HTTP clients get out: through the proxy that the environment names, except to this machine itself. A proxy elsewhere
//! would look for the stand-in, or for keys published here, on its own machine.

use reqwest::ClientBuilder;
use url::{Host, Url};

/// A client for what is at this address. It follows no redirects.
pub fn client(to: &Url) -> ClientBuilder {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    if is_here(to) { builder.no_proxy() } else { builder }
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_each_of_its_names() {
        for here in ["http://localhost:8090/v1", "http://127.0.0.1:1", "http://127.1/", "http://[::1]:8080/", "http://lever.localhost/"] {
            assert!(is_here(&here.parse().expect("a url")), "{here}");
        }
        for elsewhere in ["https://api.lever.co/v1", "http://10.0.0.1/", "http://localhost.example.com/"] {
            assert!(!is_here(&elsewhere.parse().expect("a url")), "{elsewhere}");
        }
    }
}
