//! The devices by which users log in, and when each was last used.
//!
//! Like read markers, uses are soft: they are no events, and a crash may forget the last of them.

use parlor_protocol::id::{Bytes, DeviceId, Timestamp};
use parlor_protocol::refusal::Code;

use super::command::Decision;
use super::decide::Draft;
use super::event::{UserEvent, UserId};
use super::world::World;

/// What the rules know of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Device {
    pub(crate) public_key: Bytes<32>,
    /// When it last logged in, or was still in use; when it was registered, before that.
    pub(crate) used_at: Timestamp,
}

/// A device goes that was not used since then.
pub(super) fn expire(
    mut draft: Draft<'_>,
    user: UserId,
    id: DeviceId,
    before: Timestamp,
) -> Result<Decision, Code> {
    let known = draft.world.users.get(&user).ok_or(Code::NoSuchUser)?;
    if known.devices.get(&id).is_some_and(|device| device.used_at <= before) {
        draft.user(user, UserEvent::DeviceRevoked { id });
    }
    Ok(draft.done())
}

impl World {
    /// Whether the user has this device and has used it since then, whether or not the chores have
    /// come by.
    pub(crate) fn has_device(&self, user: UserId, id: DeviceId, since: Timestamp) -> bool {
        let device = self.users.get(&user).and_then(|user| user.devices.get(&id));
        device.is_some_and(|device| device.used_at > since)
    }

    /// Notes that a device is in use.
    pub(crate) fn use_device(&mut self, user: UserId, id: DeviceId, at: Timestamp) {
        if let Some(device) = self.users.get(&user).and_then(|user| user.devices.get(&id)) {
            self.put_device(user, id, Some(Device { used_at: at, ..*device }));
        }
    }

    /// Sets what is known of a device, and keeps the agenda true.
    pub(super) fn put_device(&mut self, user: UserId, id: DeviceId, device: Option<Device>) {
        let devices = &mut self.user_mut(user).devices;
        let before = match device {
            Some(device) => devices.insert(id, device),
            None => devices.remove(&id),
        };
        before.map(|before| self.agenda.devices.remove(&(before.used_at, user, id)));
        device.map(|device| self.agenda.devices.insert((device.used_at, user, id)));
    }
}
