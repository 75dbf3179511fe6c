//! How a Connect flow ended, as the Integrations page is told in `?outcome=`.

/// The ends of a Connect flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Connected,
    /// Lever refused, or the person did.
    Denied,
    /// Lever granted fewer permissions than are needed.
    Incomplete,
    /// Another Lever account's data is here.
    AnotherAccount,
    /// Lever did not hand out tokens.
    Failed,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Connected, Self::Denied, Self::Incomplete, Self::AnotherAccount, Self::Failed];

    /// As written in the page's address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Denied => "denied",
            Self::Incomplete => "incomplete",
            Self::AnotherAccount => "another_account",
            Self::Failed => "failed",
        }
    }

    /// Reads it back; anything else is no outcome.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    /// Where the browser goes: always a path of our own.
    pub(super) fn location(self) -> String {
        format!("/integrations?outcome={}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_read_back_and_nothing_else_is() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
            assert_eq!(outcome.location(), format!("/integrations?outcome={}", outcome.as_str()));
        }
        assert_eq!(Outcome::parse("<script>"), None);
    }
}
