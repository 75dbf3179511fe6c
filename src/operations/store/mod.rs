//! The `operations` table: every write at Lever from before it is sent until its outcome is known.
//!
//! `attempts` is the fence: an outcome is stored only for the attempt it belongs to, and only once. Whoever comes second (the
//! request that waits, or the job that looks) reads what the other has stored.

mod find;
mod operation;
mod record;
mod settle;

pub use find::{added_by_others, canceled_interview, find, is_busy, notes_of_others, open, removals};
pub use operation::{Operation, Status};
pub use record::{NewOperation, begin_again, record};
pub use settle::{Made, ended_unknown, fail, give_up, mark_unknown, move_to, succeed};
