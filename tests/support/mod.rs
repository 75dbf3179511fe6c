//! What the tests share. Each test binary uses its part of it.
#![allow(dead_code, reason = "every test binary compiles this module and uses some of it")]

pub mod commit_proxy;
pub mod database;
pub mod process;
pub mod replica;
pub mod story;
