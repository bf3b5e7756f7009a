//! What a client asks for, and the frames in which it asks.

use crate::account::{
    DeviceLogin, LoginFinish, LoginStart, PasswordFinish, PasswordStart, RevokeDevice,
    SignUpFinish, SignUpStart,
};
use crate::message::{History, ListChanges, Send};
use crate::record::{Record, wire_enum, wire_struct};
use crate::room::{
    CreateRoom, Demote, FindRoom, JoinRoom, LeaveRoom, ListMembers, ListRooms, Promote, Rename,
    SetTopic, Transfer,
};

wire_enum! {
    /// A command, answered by exactly one reply.
    pub enum Command {
        /// Nothing; answered by `Done`. Keeps a connection and measures its round trip.
        Ping,
        /// Begins a sign-up; answered by `Registration`.
        SignUpStart(SignUpStart),
        /// Ends a sign-up; answered by `LoggedIn`.
        SignUpFinish(SignUpFinish),
        /// Begins a login by password; answered by `Credential`.
        LoginStart(LoginStart),
        /// Ends a login by password; answered by `LoggedIn`.
        LoginFinish(LoginFinish),
        /// A login by device; answered by `LoggedIn`.
        DeviceLogin(DeviceLogin),
        /// Begins a password change; answered by `Registration`.
        PasswordStart(PasswordStart),
        /// Ends a password change; answered by `Done`.
        PasswordFinish(PasswordFinish),
        /// Lists one's devices; answered by `Devices`.
        ListDevices,
        /// Revokes a device and ends its sessions; answered by `Done`.
        RevokeDevice(RevokeDevice),
        /// Asks for all pushes of one's rooms: a snapshot in parts, then `Done`, then the news.
        Subscribe,
        /// Makes a room; answered by `Room`.
        CreateRoom(CreateRoom),
        /// Asks for a page of rooms; answered by `Rooms`.
        ListRooms(ListRooms),
        /// Asks for one room; answered by `Room`.
        FindRoom(FindRoom),
        /// Enters a room; answered by `Room`.
        JoinRoom(JoinRoom),
        /// Leaves a room; answered by `Done`.
        LeaveRoom(LeaveRoom),
        /// Asks for a page of members; answered by `Members`.
        ListMembers(ListMembers),
        /// Sends a message; answered by `Sent`.
        Send(Send),
        /// Asks for a page of messages; answered by `Messages`.
        History(History),
        /// Asks for what changed since a revision; answered by `Changes`.
        ListChanges(ListChanges),
        /// Makes a member an admin; answered by `Member`.
        Promote(Promote),
        /// Makes an admin a plain member; answered by `Member`.
        Demote(Demote),
        /// Hands a room over; answered by `Member`, the new owner.
        Transfer(Transfer),
        /// Sets or clears a topic; answered by `Room`.
        SetTopic(SetTopic),
        /// Gives a room another title; answered by `Room`.
        Rename(Rename),
    }
}

wire_struct! {
    /// Every frame of a client after its first.
    pub struct Request {
        /// The client's number for it, which its reply repeats.
        pub id: u32,
        /// What to do.
        pub command: Record<Command>,
    }
}
