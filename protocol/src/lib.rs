//! The wire between `parlord` and its clients.
//!
//! A connection is a stream of frames (see [`codec`]), each of which holds one postcard value. The
//! client begins with a [`hello::Hello`], the server answers with a [`hello::Welcome`]. From then on
//! the client sends [`request::Request`]s, as many as it likes without waiting, and the server
//! answers each with exactly one [`reply::Reply`]. A client that subscribed also gets
//! [`push::Push`]es. How values may grow from version to version is told in [`record`].
//!
//! `protocol/README.md` specifies all of this byte by byte.

pub mod account;
pub mod codec;
pub mod entry;
pub mod hello;
pub mod id;
pub mod message;
pub mod name;
pub mod notification;
pub mod operator;
pub mod password;
pub mod push;
pub mod record;
pub mod refusal;
pub mod reply;
pub mod request;
pub mod room;
pub mod text;
mod validated;
