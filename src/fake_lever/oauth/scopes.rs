//! Scopes: what a token may do, and how the consent page puts it.

/// The scopes of one token.
#[derive(Clone, Default)]
pub struct Scopes(Vec<String>);

impl Scopes {
    /// Reads a space-separated list; names that are no scope of Lever's are dropped silently.
    pub fn parse(list: &str) -> Self {
        let mut scopes: Vec<String> = Vec::new();
        for name in list.split_whitespace().filter(|name| in_words(name).is_some()) {
            if !scopes.iter().any(|it| it == name) {
                scopes.push(name.to_owned());
            }
        }
        Self(scopes)
    }

    pub fn names(&self) -> &[String] {
        &self.0
    }

    pub fn joined(&self) -> String {
        self.0.join(" ")
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|it| it == name)
    }

    pub fn only(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|it| names.contains(&it.as_str())).cloned().collect())
    }

    /// Whether `object:right:admin` was granted; the right to write includes that to read.
    pub fn allow(&self, object: &str, right: &str) -> bool {
        let granted = |right: &str| self.contains(&format!("{object}:{right}:admin"));
        granted(right) || (right == "read" && granted("write"))
    }
}

/// What a scope allows, as a sentence; `None` for what is no scope of Lever's.
pub fn in_words(scope: &str) -> Option<String> {
    if scope == "offline_access" {
        return Some("Keep this access while you are away".to_owned());
    }
    let (object, right) = scope.strip_suffix(":admin")?.split_once(':')?;
    let things = match object {
        "applications" => "applications",
        "archive_reasons" => "archive reasons",
        "confidential" => "confidential postings and candidates",
        "contact" => "candidates' contact information",
        "feedback_templates" => "feedback templates",
        "interviews" => "interviews",
        "notes" => "notes, secret ones too",
        "opportunities" => "candidates and their opportunities",
        "panels" => "interview panels",
        "postings" => "job postings",
        "resumes" => "resumes",
        "stages" => "pipeline stages",
        "tags" => "tags",
        "users" => "the users of your Lever account",
        "webhooks" => "webhooks",
        "feedback" => "interview feedback",
        "files" => "candidates' files",
        "offers" => "offers",
        "referrals" => "referrals",
        "requisitions" => "requisitions",
        "sources" => "sources",
        _ => return None,
    };
    match right {
        "read" => Some(format!("View {things}")),
        "write" => Some(format!("View, create, change and delete {things}")),
        "access" if object == "confidential" => Some(format!("See {things}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_includes_reading_but_not_the_other_way() {
        let scopes = Scopes::parse("panels:write:admin users:read:admin");
        assert!(scopes.allow("panels", "read") && scopes.allow("panels", "write"));
        assert!(scopes.allow("users", "read") && !scopes.allow("users", "write"));
        assert!(!scopes.allow("notes", "read"));
    }

    #[test]
    fn what_lever_does_not_know_is_dropped() {
        let scopes = Scopes::parse("offline_access openid spaceships:read:admin tags:read:admin");
        assert_eq!(scopes.joined(), "offline_access tags:read:admin");
    }
}
