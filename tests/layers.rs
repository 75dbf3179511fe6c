//! Keeps the house standing: imports point down, and features never import each other.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module's floor; a module may use floors below its own and nothing of its own floor but itself.
/// Modules that name each other on purpose share a line.
const FLOORS: &[&[&str]] = &[
    &["clock", "config", "crypto", "failpoint", "ids", "limits", "outbound", "to_the_end"],
    &["lever"],
    &["telemetry"],
    &["db"],
    &["error", "jobs"],
    &["page", "state"],
    &["auth"],
    &["accounts", "live"],
    &["mirror"],
    &["operations"],
    &["connect", "notes", "panels", "sync", "webhooks"],
    // The page shows what the features know.
    &["pages"],
    &["health"],
    &["router", "worker"],
    &["server"],
    &["app", "doctor"],
    &["dev"],
];

/// Imports on one floor that are part of the plan.
const NEIGHBOURS: &[(&str, &str)] = &[("config", "crypto"), ("crypto", "ids"), ("error", "telemetry"), ("app", "health")];

#[test]
fn imports_point_down() {
    let floor: BTreeMap<&str, usize> = FLOORS.iter().enumerate().flat_map(|(at, names)| names.iter().map(move |name| (*name, at))).collect();
    let mut wrong = Vec::new();
    for file in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        let module = module_of(&file);
        if matches!(module.as_str(), "main" | "lib" | "fake_lever") {
            continue;
        }
        let Some(own) = floor.get(module.as_str()) else {
            wrong.push(format!("{module} has no floor: add it to this test"));
            continue;
        };
        for used in used_modules(&fs::read_to_string(&file).expect("a source file")) {
            let Some(its) = floor.get(used.as_str()) else { continue };
            let planned = NEIGHBOURS.contains(&(module.as_str(), used.as_str()));
            if used != module && its >= own && !planned {
                wrong.push(format!("{} uses {used}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_stand_in_knows_nothing_of_ours() {
    for file in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fake_lever"))) {
        let foreign: Vec<String> =
            used_modules(&fs::read_to_string(&file).expect("a source file")).into_iter().filter(|name| name != "fake_lever").collect();
        assert!(foreign.is_empty(), "{} uses {foreign:?}", file.display());
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn module_of(file: &Path) -> String {
    let inside = file.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).expect("inside src");
    let first = inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The first names after `crate::`, in `use` lines (also grouped) and in paths.
fn used_modules(source: &str) -> Vec<String> {
    let code: String = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut used = Vec::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(group) => {
                let mut depth = 0;
                let mut name = String::new();
                for c in group.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => used.push(std::mem::take(&mut name)),
                        _ if depth == 0 => name.push(c),
                        _ => {}
                    }
                }
                used.push(name);
            }
            None => used.push(after.to_owned()),
        }
    }
    used.iter().map(|path| path.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}
