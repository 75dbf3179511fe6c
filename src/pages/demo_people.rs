//! The invented people of `dev`: two organizations that must see nothing of each other, each with an admin and a member.

use uuid::{Uuid, uuid};

use crate::auth::{Caller, Role};
use crate::ids::TenantId;

/// An invented organization.
pub struct Organization {
    pub id: TenantId,
    pub name: &'static str,
    pub people: [Person; 2],
}

/// An invented person of it.
pub struct Person {
    /// ModernLoop's id of the person.
    pub id: &'static str,
    pub name: &'static str,
    pub email: &'static str,
    pub role: Role,
}

const NORTHWIND: Uuid = uuid!("0b6c5d4e-71a8-4f0e-9c37-5f1d2e8a4b10");
const BLUE_HARBOR: Uuid = uuid!("c2f4a9d1-3e5b-4d86-8a1f-97b0c6e3d520");

/// Everyone that the sign-in page of `dev` offers.
pub const ORGANIZATIONS: [Organization; 2] = [
    Organization {
        id: TenantId(NORTHWIND),
        name: "Northwind Robotics",
        people: [
            Person { id: "northwind-maya", name: "Maya Lindqvist", email: "maya@northwind.example", role: Role::Admin },
            Person { id: "northwind-tom", name: "Tom Okafor", email: "tom@northwind.example", role: Role::Member },
        ],
    },
    Organization {
        id: TenantId(BLUE_HARBOR),
        name: "Blue Harbor Clinics",
        people: [
            Person { id: "blue-harbor-priya", name: "Priya Raman", email: "priya@blueharbor.example", role: Role::Admin },
            Person { id: "blue-harbor-jonas", name: "Jonas Weber", email: "jonas@blueharbor.example", role: Role::Member },
        ],
    },
];

impl Person {
    /// The role in a word.
    pub fn role_name(&self) -> &'static str {
        if self.role == Role::Admin { "Admin" } else { "Member" }
    }

    /// The letters of the person's badge.
    pub fn initials(&self) -> String {
        self.name.split(' ').filter_map(|word| word.chars().next()).collect()
    }
}

/// Who signs in with this id.
pub(super) fn find(id: &str) -> Option<Caller> {
    ORGANIZATIONS.iter().find_map(|organization| {
        let person = organization.people.iter().find(|person| person.id == id)?;
        Some(Caller { tenant: organization.id, user_id: person.id.to_owned(), email: person.email.to_owned(), role: person.role })
    })
}

/// The name of an invented organization; real ones have theirs in ModernLoop.
pub(super) fn organization_name(tenant: TenantId) -> Option<&'static str> {
    ORGANIZATIONS.iter().find(|organization| organization.id == tenant).map(|organization| organization.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_person_signs_in_to_their_own_organization() {
        let maya = find("northwind-maya").expect("invented");
        let priya = find("blue-harbor-priya").expect("invented");
        assert_ne!(maya.tenant, priya.tenant);
        assert_eq!((maya.role, organization_name(maya.tenant)), (Role::Admin, Some("Northwind Robotics")));
        assert_eq!(find("nobody"), None);
    }
}
