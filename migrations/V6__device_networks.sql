-- From where devices have been used.

-- A device that logs in from a network that is not here, while others are, is on record.
CREATE TABLE device_networks (
    user INTEGER NOT NULL,
    device INTEGER NOT NULL,
    -- As in 192.0.2.0/24 or 2001:db8:1:2::/64.
    network TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    PRIMARY KEY (user, device, network),
    FOREIGN KEY (user, device) REFERENCES devices (user, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
