//! The sixteen scopes the connect flow asks for, and what is missing when Lever granted fewer.

/// What makes Lever hand out refresh tokens.
pub const OFFLINE_ACCESS: &str = "offline_access";

/// Everything this product asks a Super Admin for; Lever allows an application at most twenty.
pub const SCOPES: [&str; 16] = [
    OFFLINE_ACCESS,
    "applications:read:admin",
    "archive_reasons:read:admin",
    "confidential:access:admin",
    "contact:read:admin",
    "feedback_templates:read:admin",
    "interviews:write:admin",
    "notes:write:admin",
    "opportunities:write:admin",
    "panels:write:admin",
    "postings:read:admin",
    "resumes:read:admin",
    "stages:read:admin",
    "tags:read:admin",
    "users:read:admin",
    "webhooks:write:admin",
];

/// The scopes of [`SCOPES`] that are not among those granted, in the same order. A granted `write` covers its `read`.
pub fn missing(granted: &[String]) -> Vec<&'static str> {
    let has = |scope: &str| granted.iter().any(|granted| granted == scope);
    SCOPES.into_iter().filter(|scope| !has(scope) && !has(&scope.replacen(":read:", ":write:", 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_missing_when_all_were_granted() {
        assert_eq!(missing(&SCOPES.map(str::to_owned)), Vec::<&str>::new());
        assert_eq!(missing(&[]), SCOPES);
    }

    #[test]
    fn write_covers_read_and_not_the_other_way_round() {
        let mut granted = SCOPES.map(str::to_owned);
        granted[12] = "stages:write:admin".into();
        granted[9] = "panels:read:admin".into();
        assert_eq!(missing(&granted), ["panels:write:admin"]);
    }
}
