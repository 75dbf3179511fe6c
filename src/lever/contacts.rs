//! Contacts: the people behind the opportunities. There is no list; they come with `expand=contact`.

use super::call::Call;
use super::{Account, Error, Record};

model! {
    /// A person. Several opportunities may share one.
    pub struct Contact {
        pub id: String,
        pub name: Option<String>,
        pub headline: Option<String>,
        pub is_anonymized: Option<bool>,
        pub location: Option<Location>,
        pub emails: Vec<String>,
        pub phones: Vec<Phone>,
    }
}
resource!(Contact, "Contact", id);

model! {
    /// Where a person lives, in words.
    pub struct Location {
        pub name: Option<String>,
    }
}

model! {
    /// A telephone number.
    pub struct Phone {
        pub r#type: Option<String>,
        pub value: Option<String>,
    }
}

impl Account {
    /// One contact.
    pub async fn get_contact(&self, id: &str) -> Result<Record<Contact>, Error> {
        self.object(Call::get("contacts/{}", &[id])).await
    }
}
