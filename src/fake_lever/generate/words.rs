//! The words that generated data is made of. All people, companies and jobs are invented.

pub const FIRST_NAMES: [&str; 32] = [
    "Juniper",
    "Caspian",
    "Marigold",
    "Thaddeus",
    "Saffron",
    "Leopold",
    "Clementine",
    "Barnaby",
    "Ottoline",
    "Phineas",
    "Rosalind",
    "Ignatius",
    "Tansy",
    "Cornelius",
    "Bryony",
    "Lysander",
    "Philippa",
    "Ambrose",
    "Zinnia",
    "Horatio",
    "Primrose",
    "Evander",
    "Isolde",
    "Percival",
    "Linnea",
    "Octavian",
    "Calliope",
    "Rupert",
    "Seraphina",
    "Alaric",
    "Beatrix",
    "Florian",
];

pub const LAST_NAMES: [&str; 40] = [
    "Applewhite",
    "Bramblewood",
    "Copperfield",
    "Dandelion",
    "Elderberry",
    "Fernsby",
    "Goldfinch",
    "Hawthorne",
    "Inkwell",
    "Jellicoe",
    "Kettleburn",
    "Larkspur",
    "Mossgrove",
    "Nightingale",
    "Oakenshaw",
    "Pennyfeather",
    "Quillfeather",
    "Ravenscroft",
    "Silverthorn",
    "Thistledown",
    "Underhill",
    "Violetbank",
    "Willowbrook",
    "Yarrowfield",
    "Ashgrove",
    "Birdwhistle",
    "Cloverdale",
    "Driftwood",
    "Everbright",
    "Foxglove",
    "Greenhollow",
    "Honeycutt",
    "Ironbark",
    "Lanternjack",
    "Meadowsweet",
    "Nettlecombe",
    "Orchardson",
    "Puddifoot",
    "Starling",
    "Winterbourne",
];

/// Name and e-mail domain of each account; further ones are numbered.
pub const COMPANIES: [(&str, &str); 2] = [("Acme Instruments (invented)", "acme.example"), ("Birch & Vale (invented)", "birch.example")];

/// The people every account begins with: fixed, so that others can sign in as them.
pub const FIXED_PEOPLE: [[(&str, &str, &str); 6]; 2] = [
    [
        ("Avery Stone", "super admin", "Head of Talent"),
        ("Jordan Reyes", "admin", "Recruiting Operations"),
        ("Riley Park", "team member", "Recruiter"),
        ("Sasha Quill", "interviewer", "Engineer"),
        ("Taylor Brook", "super admin", "People Systems"),
        ("Casey Marsh", "limited team member", "Hiring Manager"),
    ],
    [
        ("Morgan Vale", "super admin", "Head of Talent"),
        ("Quinn Harbor", "admin", "Recruiting Operations"),
        ("Robin Field", "team member", "Recruiter"),
        ("Emery Lake", "interviewer", "Engineer"),
        ("Skyler Dune", "super admin", "People Systems"),
        ("Reese Cliff", "limited team member", "Hiring Manager"),
    ],
];

/// Access roles of the other users; the last stands for a role of the customer's own.
pub const ROLES: [&str; 8] = [
    "interviewer",
    "interviewer",
    "interviewer",
    "team member",
    "team member",
    "limited team member",
    "admin",
    "6f1d3c52-0b7e-4a58-9c07-5d2b8e4f1a90",
];

/// Built-in stages keep Lever's own ids; `None` gets a UUID. Ranks are doubled.
pub const STAGES: [(Option<&str>, &str, u32); 11] = [
    (Some("lead-new"), "New lead", 2),
    (Some("lead-reached-out"), "Reached out", 6),
    (Some("lead-responded"), "Responded", 10),
    (Some("applicant-new"), "New applicant", 202),
    (None, "Hiring manager review", 266),
    (None, "Recruiter screen", 330),
    (None, "Technical screen", 394),
    (None, "On-site interview", 458),
    (None, "Reference check", 490),
    (Some("offer"), "Offer", 514),
    (None, "Background check", 531),
];

/// Text, active, hired.
pub const ARCHIVE_REASONS: [(&str, bool, bool); 9] = [
    ("Position filled", true, false),
    ("Compensation", true, false),
    ("Better for another role", true, false),
    ("Underqualified", true, false),
    ("No response (old)", false, false),
    ("Timing", true, false),
    ("Withdrew", true, false),
    ("Offer declined", true, false),
    ("Hired", true, true),
];

pub const TEMPLATES: [(&str, &str); 6] = [
    ("Recruiter phone screen", "Phone screens"),
    ("Technical phone screen", "Phone screens"),
    ("Coding", "On-site interviews"),
    ("System design", "On-site interviews"),
    ("Working together", "On-site interviews"),
    ("Hiring manager", ""),
];

/// Title, department, team.
pub const JOBS: [(&str, &str, &str); 12] = [
    ("Backend Engineer", "Research & Development", "Engineering"),
    ("Front-end Engineer", "Research & Development", "Engineering"),
    ("Data Scientist", "Research & Development", "Data"),
    ("Product Designer", "Research & Development", "Design"),
    ("Product Manager", "Product", "Product"),
    ("Account Executive", "Sales", "New Business"),
    ("Sales Engineer", "Sales", "Solutions"),
    ("Customer Success Manager", "Customer", "Success"),
    ("Support Specialist", "Customer", "Support"),
    ("Marketing Analyst", "Marketing", "Growth"),
    ("Recruiter", "People", "Talent"),
    ("Financial Analyst", "Operations", "Finance"),
];

pub const LOCATIONS: [&str; 6] = ["San Francisco, CA", "New York, NY", "Boston, MA", "Athens", "Toronto, Ontario", "Remote"];

pub const TIMEZONES: [&str; 4] = ["America/Los_Angeles", "America/New_York", "Europe/Athens", "America/Toronto"];

pub const HEADLINES: [&str; 6] = ["Clockwork Kites", "Lighthouse Cartography", "Paper Boat Logistics", "Moonlit Bakery", "Glass Compass", ""];

pub const TAGS: [&str; 10] = ["Top Talent", "Referral", "Relocation", "Senior", "Junior", "Rust", "SaaS", "French", "Talent Pool", "Speaker"];

pub const SOURCES: [&str; 6] = ["LinkedIn", "Referral", "Job board", "Careers page", "Meetup", "Added manually"];

pub const SUBJECTS: [&str; 6] =
    ["Recruiter screen", "Technical interview", "System design", "Working together", "Hiring manager", "Portfolio review"];
