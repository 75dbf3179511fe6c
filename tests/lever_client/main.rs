//! The Lever client over real HTTP: what it sends byte for byte, and what it makes of every kind of answer.

mod failures;
mod huge;
mod models;
mod oauth;
mod recordings;
mod redirects;
mod support;
mod urls;
