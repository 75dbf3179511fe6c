//! Invented accounts, the same for the same seed and day: users in every role, postings in every
//! state, and opportunities in the proportions of a real account (most archived, `updatedAt` null
//! on most, few with contact details).

mod candidate;
mod schedule;
mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use serde_json::{Value, json};

use super::bucket::Bucket;
use super::dice::Dice;
use super::model::{ArchiveReason, FeedbackTemplate, Posting, Stage, User};
use super::options::Options;
use super::state::Account;

const DAY_MS: i64 = 86_400_000;
const USERS: usize = 60;
const POSTINGS: usize = 40;

pub fn accounts(options: &Options, now: i64) -> Vec<Account> {
    (0..options.accounts).map(|index| account(options, index, now - now % DAY_MS)).collect()
}

fn account(options: &Options, index: usize, today: i64) -> Account {
    let mut dice = Dice::new(options.seed.wrapping_mul(1_000).wrapping_add(index as u64));
    let (name, domain) = match words::COMPANIES.get(index) {
        Some((name, domain)) => ((*name).to_owned(), (*domain).to_owned()),
        None => (format!("Company {} (invented)", index + 1), format!("company{}.example", index + 1)),
    };
    let mut account = Account {
        id: dice.uuid(),
        name,
        users: users(&mut dice, index, &domain, today),
        stages: stages(&mut dice),
        archive_reasons: archive_reasons(&mut dice),
        templates: templates(&mut dice, today),
        postings: Vec::new(),
        contacts: HashMap::new(),
        opportunities: HashMap::new(),
        order: BTreeSet::new(),
        deleted: Vec::new(),
        webhooks: Vec::new(),
        switches: BTreeSet::new(),
        deliveries: BTreeMap::new(),
        outbox: Vec::new(),
        bucket: Bucket::new(options.requests_per_second, options.burst, Instant::now()),
    };
    account.postings = (0..POSTINGS).map(|n| posting(&mut dice, &account.users, n, today)).collect();
    candidate::fill(&mut account, &mut dice, options, today);
    account
}

fn users(dice: &mut Dice, account: usize, domain: &str, today: i64) -> Vec<User> {
    let fixed = &words::FIXED_PEOPLE[account % words::FIXED_PEOPLE.len()];
    let mut users: Vec<User> = Vec::with_capacity(USERS);
    for n in 0..USERS {
        let (name, role, title) = match fixed.get(n) {
            Some((name, role, title)) => ((*name).to_owned(), *role, Some((*title).to_owned())),
            None => {
                let first = words::FIRST_NAMES[n % words::FIRST_NAMES.len()];
                let last = words::LAST_NAMES[(n * 7 + account) % words::LAST_NAMES.len()];
                (format!("{first} {last}"), words::ROLES[n % words::ROLES.len()], None)
            }
        };
        let email = format!("{}@{domain}", name.to_lowercase().replace(' ', "."));
        let id = dice.uuid();
        let left = n >= fixed.len() && n % 9 == 0;
        users.push(User {
            photo: (n % 3 == 0).then(|| format!("https://photos.example/{id}.png")),
            id,
            // A user who never completed a profile is listed by the address.
            name: if n % 23 == 22 { email.clone() } else { name },
            email,
            access_role: role.to_owned(),
            created_at: today - 900 * DAY_MS + n as i64 * DAY_MS,
            deactivated_at: left.then(|| today - dice.between(10, 400) * DAY_MS),
            job_title: title,
            manager: users.first().filter(|_| n % 4 == 1).map(|it| it.id.clone()),
            linked_contacts: None,
        });
    }
    users.sort_by_key(|user| std::cmp::Reverse(user.created_at));
    users
}

fn stages(dice: &mut Dice) -> Vec<Stage> {
    let stage = |(id, text, rank): &(Option<&str>, &str, u32)| Stage {
        id: id.map_or_else(|| dice.uuid(), str::to_owned),
        text: (*text).to_owned(),
        rank: *rank,
    };
    words::STAGES.iter().map(stage).collect()
}

fn archive_reasons(dice: &mut Dice) -> Vec<ArchiveReason> {
    let reason = |&(text, active, hired): &(&str, bool, bool)| ArchiveReason { id: dice.uuid(), text: text.to_owned(), active, hired };
    words::ARCHIVE_REASONS.iter().map(reason).collect()
}

fn templates(dice: &mut Dice, today: i64) -> Vec<FeedbackTemplate> {
    let groups = HashMap::from([("Phone screens", dice.uuid()), ("On-site interviews", dice.uuid())]);
    let template = |(text, group): &(&str, &str)| FeedbackTemplate {
        id: dice.uuid(),
        text: (*text).to_owned(),
        group: groups.get(group).map(|id| (id.clone(), (*group).to_owned())),
        instructions: "Invented questions: what went well, and what would you do otherwise?".to_owned(),
        fields: template_fields(dice),
        created_at: dice.chance(0.5).then_some(today - 800 * DAY_MS),
        updated_at: None,
    };
    words::TEMPLATES.iter().map(template).collect()
}

fn template_fields(dice: &mut Dice) -> Value {
    let options = ["4 - Strong Hire", "3 - Hire", "2 - No Hire", "1 - Strong No Hire"];
    json!([
        {
            "description": "",
            "required": false,
            "text": "Rating",
            "type": "score-system",
            "id": dice.uuid(),
            "prompt": "Select one",
            "options": options.map(|text| json!({"text": text})),
        },
        {"description": "", "required": false, "text": "Other thoughts?", "type": "textarea", "id": dice.uuid()},
    ])
}

fn posting(dice: &mut Dice, users: &[User], n: usize, today: i64) -> Posting {
    const STATES: [&str; 8] = ["published", "published", "published", "closed", "internal", "draft", "pending", "rejected"];
    let (title, department, team) = words::JOBS[n % words::JOBS.len()];
    let state = STATES[n % STATES.len()];
    let channels: &[&str] = match (state, n % 3) {
        ("published", 0) => &["internal"],
        ("published", _) => &["public", "internal"],
        _ => &[],
    };
    let location = *dice.pick(&words::LOCATIONS);
    let owner = dice.pick(users).id.clone();
    let created_at = today - dice.between(30, 700) * DAY_MS;
    Posting {
        id: dice.uuid(),
        text: if n < words::JOBS.len() { title.to_owned() } else { format!("{title}, {location}") },
        state: state.to_owned(),
        channels: (!channels.is_empty()).then(|| channels.iter().map(|it| (*it).to_owned()).collect()),
        confidential: n % 13 == 12,
        user: owner.clone(),
        owner,
        hiring_manager: dice.chance(0.6).then(|| dice.pick(users).id.clone()),
        department: department.to_owned(),
        team: team.to_owned(),
        locations: if n.is_multiple_of(5) { vec![location.to_owned(), "Remote".to_owned()] } else { vec![location.to_owned()] },
        commitment: if n % 11 == 10 { "Intern" } else { "Full-time" }.to_owned(),
        tags: Vec::new(),
        requisition_codes: if n.is_multiple_of(4) { vec![format!("REQ-{}", 100 + n)] } else { Vec::new() },
        workplace_type: (*dice.pick(&["unspecified", "remote", "on-site", "hybrid"])).to_owned(),
        salary: dice.chance(0.3).then_some((90_000, 140_000)),
        created_at,
        updated_at: created_at + dice.between(0, 25) * DAY_MS,
    }
}
