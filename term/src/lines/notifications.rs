//! `notifications` and `log`: what one was told of, and the rooms that one had to do with.

use parlor_protocol::entry::{FormerRoom, ListOwn};
use parlor_protocol::id::{NotificationId, RoomId};
use parlor_protocol::notification::{Notification, WhichNotifications};
use parlor_protocol::push::Push;
use parlor_protocol::record::Record;

use super::Context;
use super::follow::{Ended, Followed};
use crate::cli::{NotificationsArgs, Page, Which};
use crate::failure::Failure;
use crate::net::{DismissNotifications, ListFormerRooms, ListNotifications, ReadNotifications};

/// Where one is in the notifications that are followed.
struct Inbox {
    /// Where the listing begins; `None` for the first.
    after: Option<String>,
    /// The last that was printed; numbers only grow.
    last: NotificationId,
}

impl Context<'_> {
    pub(super) async fn notifications(
        &mut self,
        arguments: NotificationsArgs,
    ) -> Result<(), Failure> {
        if let Some(which) = arguments.read {
            return Ok(self.client().ask(ReadNotifications(named(which))).await?);
        }
        if let Some(which) = arguments.dismiss {
            return Ok(self.client().ask(DismissNotifications(named(which))).await?);
        }
        if arguments.follow {
            self.client().subscribe().await?;
            let (after, last) = (arguments.page.after, NotificationId(0));
            return self.follow(Inbox { after, last }).await;
        }
        self.list(&arguments.page, async |client, after, limit| {
            let page = client.ask(ListNotifications(ListOwn { after, limit })).await?;
            let told = page.notifications.into_iter().map(|told| told.0);
            Ok((told.collect::<Vec<Notification>>(), page.next))
        })
        .await
    }

    pub(super) async fn log(&mut self, page: &Page) -> Result<(), Failure> {
        self.list(page, async |client, after, limit| {
            let page = client.ask(ListFormerRooms(ListOwn { after, limit })).await?;
            let rooms = page.rooms.into_iter().map(|room| room.0);
            Ok((rooms.collect::<Vec<FormerRoom>>(), page.next))
        })
        .await
    }
}

fn named(which: Which) -> WhichNotifications {
    WhichNotifications {
        id: match which {
            Which::All => None,
            Which::One(id) => Some(id),
        },
    }
}

impl Inbox {
    fn print(&mut self, context: &mut Context<'_>, told: &Notification) -> Result<(), Ended> {
        if told.id > self.last {
            self.last = told.id;
            context.out.now(told).map_err(Failure::from)?;
        }
        Ok(())
    }
}

impl Followed for Inbox {
    fn room(&self) -> Option<RoomId> {
        None
    }

    async fn catch_up(&mut self, context: &mut Context<'_>) -> Result<(), Ended> {
        let mut after = self.after.clone();
        loop {
            let ask = ListNotifications(ListOwn { after, limit: 0 });
            let page = context.client().ask(ask).await?;
            for Record(told) in &page.notifications {
                self.print(context, told)?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn take(&mut self, context: &mut Context<'_>, push: Push) -> Result<(), Ended> {
        match push {
            Push::Notified(told) => self.print(context, &told),
            Push::Snapshot(_)
            | Push::Changed(_)
            | Push::Entered(_)
            | Push::Exited(_)
            | Push::NotificationsRead(_)
            | Push::NotificationsDismissed(_)
            | Push::Read(_)
            | Push::Blocked(_)
            | Push::Unblocked(_)
            | Push::Present(_)
            | Push::Announced(_)
            | Push::Unknown => Ok(()),
        }
    }
}
