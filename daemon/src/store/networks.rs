//! From which networks devices have been used.

use parlor_protocol::id::{DeviceId, Timestamp};
use rusqlite::{Connection, params};

use super::rows::user_int;
use super::{Doing, StoreError, Writer};
use crate::audit::Subnet;
use crate::rooms::UserId;

/// Networks that are remembered of a device; the oldest goes for each one beyond. A telephone that
/// travels sees some dozens in its time.
const NETWORKS_MAX: u32 = 64;

/// A network from which a device was used for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceNetwork {
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    pub(crate) network: Subnet,
    pub(crate) at: Timestamp,
}

impl Writer {
    /// The networks from which a device was used before.
    pub(crate) fn device_networks(
        &self,
        user: UserId,
        device: DeviceId,
    ) -> Result<Vec<String>, StoreError> {
        let find = || {
            self.connection
                .prepare_cached(
                    "SELECT network FROM device_networks WHERE user = ?1 AND device = ?2",
                )?
                .query_map(params![user_int(user), device.0], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()
        };
        find().doing("read the networks of a device from")
    }
}

/// Writes networks, behind the devices that they are of. A device that is gone by then has none.
pub(super) fn write(transaction: &Connection, networks: &[DeviceNetwork]) -> rusqlite::Result<()> {
    for DeviceNetwork { user, device, network, at } in networks {
        let user = user_int(*user);
        transaction
            .prepare_cached(
                "INSERT OR IGNORE INTO device_networks (user, device, network, first_at)
                 SELECT user, id, ?3, ?4 FROM devices WHERE user = ?1 AND id = ?2",
            )?
            .execute(params![user, device.0, network.as_str(), at.0])?;
        transaction
            .prepare_cached(
                "DELETE FROM device_networks WHERE user = ?1 AND device = ?2 AND network IN
                 (SELECT network FROM device_networks WHERE user = ?1 AND device = ?2
                  ORDER BY first_at DESC, network LIMIT -1 OFFSET ?3)",
            )?
            .execute(params![user, device.0, NETWORKS_MAX])?;
    }
    Ok(())
}
