//! The filters of lists: ranges of time (inclusive, milliseconds) and confidentiality.

use super::super::refusal::Refusal;
use super::Call;

/// `name_start`..=`name_end`, both optional.
pub struct Range {
    start: Option<i64>,
    end: Option<i64>,
}

impl Range {
    pub fn of(call: &Call, name: &str) -> Result<Self, Refusal> {
        Ok(Self { start: call.parsed(&format!("{name}_start"))?, end: call.parsed(&format!("{name}_end"))? })
    }

    pub fn is_open(&self) -> bool {
        self.start.is_none() && self.end.is_none()
    }

    /// A record without the time is in the open range only.
    pub fn holds(&self, time: Option<i64>) -> bool {
        match time {
            None => self.is_open(),
            Some(time) => self.start.is_none_or(|it| it <= time) && self.end.is_none_or(|it| time <= it),
        }
    }
}

/// Which records a caller wants to see by their confidentiality.
#[derive(Clone, Copy)]
pub enum Confidentiality {
    Open,
    Confidential,
    All,
}

impl Confidentiality {
    /// # Errors
    /// 403 when confidential data is asked for without the scope for it.
    pub fn of(call: &Call) -> Result<Self, Refusal> {
        let wanted = match call.param("confidentiality") {
            None | Some("non-confidential") => return Ok(Self::Open),
            Some("confidential") => Self::Confidential,
            Some("all") => Self::All,
            Some(_) => return Err(Refusal::bad("confidentiality is not valid")),
        };
        require_confidential_access(call)?;
        Ok(wanted)
    }

    pub fn shows(self, confidential: bool) -> bool {
        match self {
            Self::Open => !confidential,
            Self::Confidential => confidential,
            Self::All => true,
        }
    }
}

/// Confidential records need a scope of their own.
pub fn require_confidential_access(call: &Call) -> Result<(), Refusal> {
    if call.scopes.allow("confidential", "access") { Ok(()) } else { Err(Refusal::forbidden("Token lacks the scope confidential:access:admin")) }
}
