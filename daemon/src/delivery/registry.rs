//! Who is connected to a shard, and which connections get the pushes of which room.

use std::collections::HashMap;
use std::rc::Rc;

use indexmap::IndexSet;
use parlor_protocol::id::{DeviceId, RoomId};
use parlor_protocol::reply::CloseReason;

use super::conn::{Conn, Owner};
use super::{ConnId, Opening, Place, Rank};
use crate::rooms::UserId;

/// The connections of a shard, by slot, by user and by room.
#[derive(Debug, Default)]
pub(super) struct Registry {
    slots: Vec<Option<Rc<Conn>>>,
    free: Vec<u32>,
    users: HashMap<UserId, Vec<u32>>,
    /// Subscribed connections of each room's members. Insertion order, so that every frame goes to
    /// them in the same order; removal in constant time, so that many may leave at once.
    rooms: HashMap<RoomId, IndexSet<u32>>,
}

impl Registry {
    /// Finds a place for a connection.
    pub(super) fn insert(&mut self, make: impl FnOnce(u32) -> Rc<Conn>) -> Rc<Conn> {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("invariant: sockets are fewer than 2^32")
        });
        let conn = make(slot);
        self.slots[slot as usize] = Some(Rc::clone(&conn));
        conn
    }

    /// Forgets a connection.
    pub(super) fn remove(&mut self, conn: &Conn) {
        let slot = conn.id.slot;
        if let Some(owner) = conn.owner.borrow_mut().take() {
            if let Some(slots) = self.users.get_mut(&owner.user) {
                slots.retain(|&other| other != slot);
                if slots.is_empty() {
                    self.users.remove(&owner.user);
                }
            }
            for place in owner.rooms {
                self.unsubscribe(place.room, slot);
            }
        }
        self.slots[slot as usize] = None;
        self.free.push(slot);
    }

    /// The connection of that name, where it still is.
    pub(super) fn conn(&self, id: ConnId) -> Option<&Rc<Conn>> {
        self.slot(id.slot).filter(|conn| conn.id == id)
    }

    /// The connection in that slot.
    pub(super) fn slot(&self, slot: u32) -> Option<&Rc<Conn>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// All connections.
    pub(super) fn all(&self) -> impl Iterator<Item = &Rc<Conn>> {
        self.slots.iter().flatten()
    }

    /// Makes a connection a user's. It stays that user's: sessions take one login at a time, so that
    /// a second one of somebody else does not come here.
    pub(super) fn open(&mut self, conn: &Conn, opening: Opening, rooms: Vec<Place>) {
        let Opening { user, device, password_proved } = opening;
        let mut owner = conn.owner.borrow_mut();
        match owner.as_mut() {
            None => {
                *owner = Some(Owner { user, device, rooms, subscribed: false, password_proved });
                self.users.entry(user).or_default().push(conn.id.slot);
            }
            // The password was proved again, or a device registered: the same session goes on.
            Some(owner) if owner.user == user => {
                owner.device = device.or(owner.device);
                owner.password_proved |= password_proved;
            }
            Some(_) => conn.close(CloseReason::ProtocolViolation),
        }
    }

    /// Gives a connection the pushes of its user's rooms.
    pub(super) fn subscribe(&mut self, conn: &Conn) {
        if let Some(owner) = conn.owner.borrow_mut().as_mut() {
            owner.subscribed = true;
            for place in &owner.rooms {
                self.rooms.entry(place.room).or_default().insert(conn.id.slot);
            }
        }
    }

    /// Notes that a user is a member from now on, and tells which connections want to know.
    pub(super) fn enter(&mut self, user: UserId, place: Place) -> Vec<u32> {
        let mut told = vec![];
        for &slot in self.users.get(&user).into_iter().flatten() {
            let Some(conn) = self.slots[slot as usize].as_ref() else { continue };
            let mut owner = conn.owner.borrow_mut();
            let Some(owner) = owner.as_mut() else { continue };
            match owner.rooms.binary_search_by_key(&place.room, |known| known.room) {
                Ok(index) => owner.rooms[index] = place,
                Err(index) => owner.rooms.insert(index, place),
            }
            if owner.subscribed {
                self.rooms.entry(place.room).or_default().insert(slot);
                told.push(slot);
            }
        }
        told
    }

    /// Notes whether a user hears what is for a room's admins alone.
    pub(super) fn rank(&mut self, user: UserId, room: RoomId, rank: Rank) {
        for conn in self.of_user(user) {
            if let Some(owner) = conn.owner.borrow_mut().as_mut()
                && let Ok(index) = owner.rooms.binary_search_by_key(&room, |known| known.room)
            {
                owner.rooms[index].rank = rank;
            }
        }
    }

    /// Notes that a user is no longer a member, and tells which connections want to know.
    pub(super) fn exit(&mut self, user: UserId, room: RoomId) -> Vec<u32> {
        let mut told = vec![];
        let slots = self.users.get(&user).cloned().unwrap_or_default();
        for slot in slots {
            let Some(conn) = self.slots[slot as usize].clone() else { continue };
            if let Some(owner) = conn.owner.borrow_mut().as_mut() {
                owner.rooms.retain(|place| place.room != room);
                if owner.subscribed {
                    told.push(slot);
                }
            }
            self.unsubscribe(room, slot);
        }
        told
    }

    /// The connections that get a room's pushes.
    pub(super) fn listeners(&self, room: RoomId) -> impl ExactSizeIterator<Item = &u32> {
        self.rooms.get(&room).map(IndexSet::iter).unwrap_or_default()
    }

    /// The connections of a user.
    pub(super) fn of_user(&self, user: UserId) -> impl Iterator<Item = &Rc<Conn>> {
        self.users.get(&user).into_iter().flatten().filter_map(|&slot| self.slot(slot))
    }

    /// Ends the connections that logged in by a device.
    pub(super) fn revoke(&self, user: UserId, device: DeviceId) {
        for conn in self.of_user(user) {
            let owner = conn.owner.borrow();
            if owner.as_ref().and_then(|owner| owner.device) == Some(device) {
                conn.close(CloseReason::Revoked);
            }
        }
    }

    /// Ends the connections that only the old password has opened, but for the one of this serial,
    /// and has none of the others count as one on which the password was proved.
    pub(super) fn password_changed(&self, user: UserId, by: Option<u64>) {
        for conn in self.of_user(user).filter(|conn| Some(conn.id.serial) != by) {
            let mut owner = conn.owner.borrow_mut();
            let Some(owner) = owner.as_mut() else { continue };
            owner.password_proved = false;
            if owner.device.is_none() {
                conn.close(CloseReason::Revoked);
            }
        }
    }

    fn unsubscribe(&mut self, room: RoomId, slot: u32) {
        if let Some(slots) = self.rooms.get_mut(&room) {
            slots.swap_remove(&slot);
            if slots.is_empty() {
                self.rooms.remove(&room);
            }
        }
    }
}
