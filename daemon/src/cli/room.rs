//! `parlord room`: rooms whose owner has vanished.

use clap::Subcommand;
use parlor_protocol::name::UserName;

use super::link;
use crate::config::Config;
use crate::control::Act;

#[derive(Debug, Subcommand)]
pub(super) enum RoomCommand {
    /// Hand a room whose owner has vanished to one of its members
    Transfer {
        /// Its title or ID
        room: String,
        /// The member
        user: UserName,
    },
}

/// Does what was asked for.
pub(super) async fn run(config: &Config, command: RoomCommand) -> anyhow::Result<()> {
    match command {
        RoomCommand::Transfer { room, user } => {
            link::act(config, Act::TransferRoom { room, user }).await
        }
    }
}
