//! The tests of the rules: who may do what, the stories of each rule, and laws against a second
//! model.

mod accounts;
mod laws;
mod model;
mod nonces;
mod permissions;
mod ruling;
mod scene;
mod stories;
mod view;
mod walk;
