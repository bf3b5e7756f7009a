//! What a client asks for, and the frames in which it asks.

use crate::account::{
    DeviceLogin, LoginFinish, LoginStart, PasswordFinish, PasswordStart, RevokeDevice,
    SetDisplayName, SignUpFinish, SignUpStart,
};
use crate::entry::{
    AddMember, Approve, BanUser, Block, Deny, InviteUser, Kick, ListInvites, ListOfRoom, ListOwn,
    RequestToJoin, RevokeInvite, Unban, Unblock, Withdraw,
};
use crate::message::{History, ListChanges, Send};
use crate::notification::WhichNotifications;
use crate::operator::{Announce, ApproveSignUp, DenySignUp, DisableUser, EnableUser, ListSignUps};
use crate::record::{Record, wire_enum, wire_struct};
use crate::room::{
    CreateRoom, Demote, FindRoom, JoinRoom, LeaveRoom, ListMembers, ListRooms, MarkRead, Promote,
    Rename, SetSlowMode, SetTopic, Transfer, Watch,
};

wire_enum! {
    /// A command, answered by exactly one reply.
    pub enum Command {
        /// Nothing; answered by `Done`. Keeps a connection and measures its round trip.
        Ping,
        /// Begins a sign-up; answered by `Registration`.
        SignUpStart(SignUpStart),
        /// Ends a sign-up; answered by `LoggedIn`, or by `Done` where it waits for an operator.
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
        /// Asks to become a member; answered by `Request`.
        RequestToJoin(RequestToJoin),
        /// Takes one's request back; answered by `Done`.
        Withdraw(Withdraw),
        /// Asks for a page of a room's requests; answered by `Requests`.
        ListRequests(ListOfRoom),
        /// Grants a request; answered by `Member`.
        Approve(Approve),
        /// Denies a request; answered by `Done`.
        Deny(Deny),
        /// Makes a user a member; answered by `Member`.
        AddMember(AddMember),
        /// Lets a user enter; answered by `Invite`, or by `Member` where they had asked to.
        InviteUser(InviteUser),
        /// Asks for a page of invites; answered by `Invites`.
        ListInvites(ListInvites),
        /// Takes an invite back; answered by `Done`.
        RevokeInvite(RevokeInvite),
        /// Takes a member out; answered by `Done`.
        Kick(Kick),
        /// Keeps a user out; answered by `Ban`.
        BanUser(BanUser),
        /// Lifts a ban; answered by `Done`.
        Unban(Unban),
        /// Asks for a page of a room's bans; answered by `Bans`.
        ListBans(ListOfRoom),
        /// Hides a user from oneself; answered by `Done`.
        Block(Block),
        /// Ends a block; answered by `Done`.
        Unblock(Unblock),
        /// Sets or ends slow mode; answered by `Room`.
        SetSlowMode(SetSlowMode),
        /// Says how far one has read; answered by `ReadMarker`.
        MarkRead(MarkRead),
        /// Asks for a page of one's notifications; answered by `Notifications`.
        ListNotifications(ListOwn),
        /// Marks notifications as read; answered by `Done`.
        ReadNotifications(WhichNotifications),
        /// Removes notifications; answered by `Done`.
        DismissNotifications(WhichNotifications),
        /// Asks for a page of former rooms; answered by `FormerRooms`.
        ListFormerRooms(ListOwn),
        /// Asks for a page of the users whom one blocks; answered by `Blocks`.
        ListBlocks(ListOwn),
        /// Says which room's member list one has open; answered by `Done`.
        Watch(Watch),
        /// Sets or clears one's display name; answered by `Named`.
        SetDisplayName(SetDisplayName),
        /// For operators: asks for a page of the sign-ups that wait; answered by `SignUps`.
        ListSignUps(ListSignUps),
        /// For operators: lets a sign-up in; answered by `Account`.
        ApproveSignUp(ApproveSignUp),
        /// For operators: denies a sign-up; answered by `Account`.
        DenySignUp(DenySignUp),
        /// For operators: shuts a user out; answered by `Account`.
        DisableUser(DisableUser),
        /// For operators: lets a user in again; answered by `Account`.
        EnableUser(EnableUser),
        /// For operators: tells everybody something; answered by `Done`.
        Announce(Announce),
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
