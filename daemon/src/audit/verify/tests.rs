//! What somebody may do to the files, and what is said of it.

use parlor_protocol::id::Timestamp;

use super::*;
use crate::audit::{Origin, session_ended};

/// Ten records in three files, and what the store remembers of them.
struct Book {
    lines: Vec<Line>,
    mark: AuditMark,
}

/// The files are as `b` has them: 1 to 4, 5 to 7, 8 to 10.
fn book() -> Book {
    let mut head = Link::default();
    let user = "alice".parse().unwrap();
    let mut lines = vec![];
    for (file, count) in [("a", 4), ("b", 3), ("c", 3)] {
        for number in 1..=count {
            let (text, link) = head.seal(&session_ended(&Origin::Within, &user, Timestamp(0)));
            head = link;
            lines.push(Line { file: file.to_owned(), number, text: text.into_bytes() });
        }
    }
    Book { lines, mark: AuditMark { head, synced: head, dropped: Some(Link::default()) } }
}

impl Book {
    /// The lines keep their places when others go.
    fn renumber(&mut self) {
        let mut place = (String::new(), 0);
        for line in &mut self.lines {
            let number = if line.file == place.0 { place.1 + 1 } else { 1 };
            place = (line.file.clone(), number);
            line.number = number;
        }
    }

    fn verdict(&self) -> Verdict {
        let mut verifier = Verifier::new(self.mark);
        self.lines.iter().for_each(|line| verifier.line(line));
        verifier.finish()
    }

    fn faults(&mut self) -> Vec<String> {
        self.renumber();
        self.verdict().faults.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn what_was_left_alone_is_whole() {
    let verdict = book().verdict();
    assert_eq!((verdict.faults_count, verdict.faults), (0, vec![]));
    assert_eq!((verdict.records, verdict.files, verdict.first), (10, 3, Some(1)));
    assert_eq!(verdict.last, book().mark.head);
}

#[test]
fn a_changed_line_is_named_wherever_the_change_is() {
    for at in 0..book().lines[5].text.len() {
        let mut book = book();
        book.lines[5].text[at] ^= 1;
        let faults = book.faults();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("b line 2: "), "{faults:?}");
    }
}

#[test]
fn a_line_that_was_replaced_by_a_sound_one_is_named_by_what_follows() {
    let mut book = book();
    let before = Sealed::parse(&book.lines[4].text).unwrap().link;
    let user = "mallory".parse().unwrap();
    let (forged, _) = before.seal(&session_ended(&Origin::Within, &user, Timestamp(0)));
    book.lines[5].text = forged.into_bytes();
    assert_eq!(book.faults(), ["b line 3: record 7 was not made behind this record 6"]);
}

#[test]
fn a_line_that_is_missing_is_named() {
    let mut one = book();
    one.lines.remove(5);
    assert_eq!(one.faults(), ["b line 2: before it, record 6 is missing"]);
    let mut a_file = book();
    a_file.lines.drain(4..7);
    assert_eq!(a_file.faults(), ["c line 1: before it, records 5 to 7 are missing"]);
}

#[test]
fn lines_that_were_swapped_are_named() {
    let mut book = book();
    book.lines.swap(1, 2);
    let texts = [1, 2].map(|at| book.lines[at].text.clone());
    assert_ne!(texts[0], texts[1]);
    assert_eq!(
        book.faults(),
        [
            "a line 2: before it, record 2 is missing",
            "a line 3: record 2 stands behind record 3",
            "a line 4: before it, record 3 is missing",
        ]
    );
}

#[test]
fn a_line_that_stands_twice_is_named() {
    let mut book = book();
    book.lines.insert(5, book.lines[4].clone());
    assert_eq!(book.faults(), ["b line 2: record 5 stands behind record 5"]);
}

#[test]
fn an_end_that_is_missing_is_missed() {
    let mut some = book();
    some.lines.truncate(8);
    assert_eq!(some.faults(), ["c line 1: behind it, records 9 to 10 are missing at the end"]);
    let mut all = book();
    all.lines.clear();
    assert_eq!(all.verdict().faults_count, 1);
    // What waits in the store is not missed.
    let mut waits = book();
    waits.lines.truncate(8);
    waits.mark.synced = Sealed::parse(&waits.lines[7].text).unwrap().link;
    assert_eq!(waits.faults(), [""; 0]);
    assert_eq!(waits.verdict().waiting, 2);
}

#[test]
fn a_torn_end_is_no_fault_as_long_as_its_record_waits() {
    let torn = |synced: usize| {
        let book = book();
        let synced = Sealed::parse(&book.lines[synced - 1].text).unwrap().link;
        let mut verifier = Verifier::new(AuditMark { synced, ..book.mark });
        book.lines[..8].iter().for_each(|line| verifier.line(line));
        verifier.unended(&Line { text: b"{\"ser".to_vec(), ..book.lines[8].clone() });
        verifier.finish().faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(torn(7), [""; 0]);
    assert_eq!(torn(8), [""; 0]);
    assert_eq!(
        torn(9),
        ["c line 2: it has been cut off", "c line 2: behind it, record 9 is missing at the end"]
    );
}

#[test]
fn a_chain_made_anew_is_not_the_one_that_the_store_remembers() {
    let (mut forged, genuine) = (book(), book().mark);
    let mut head = Link::default();
    let user = "mallory".parse().unwrap();
    for line in &mut forged.lines {
        let (text, link) = head.seal(&session_ended(&Origin::Within, &user, Timestamp(0)));
        (line.text, head) = (text.into_bytes(), link);
    }
    assert_eq!(forged.mark, genuine);
    assert_eq!(forged.faults(), ["c line 3: the record is not the one that the store remembers"]);
}

/// What the store remembers as dropped, being the record of the line at this place.
fn dropped(book: &Book, at: usize) -> Option<Link> {
    Some(Sealed::parse(&book.lines[at].text).unwrap().link)
}

#[test]
fn what_was_dropped_is_not_missed_and_what_somebody_took_is() {
    // Of the three files the first goes, or the first two, and the store remembers one of them.
    let cases: [(usize, usize, &[&str]); 5] = [
        (4, 3, &[]),
        (7, 6, &[]),
        // What is to go next may be there still.
        (4, 6, &[]),
        (0, 6, &[]),
        (7, 3, &["c line 1: before it, records 5 to 7 are missing"]),
    ];
    for (gone, known, faults) in cases {
        let mut book = book();
        book.mark.dropped = dropped(&book, known);
        book.lines.drain(..gone);
        assert_eq!(book.faults(), faults, "{gone} {known}");
        assert_eq!(
            (book.verdict().records, book.verdict().first),
            (10 - gone as u64, Some(gone as u64 + 1))
        );
    }
    let mut nothing_dropped = book();
    nothing_dropped.lines.drain(..4);
    assert_eq!(nothing_dropped.faults(), ["b line 1: before it, records 1 to 4 are missing"]);
    // Who knows what a store dropped that did not remember it.
    let mut unknown = book();
    unknown.mark.dropped = None;
    unknown.lines.drain(..4);
    assert_eq!(unknown.faults(), [""; 0]);
}

#[test]
fn where_nothing_is_left_what_was_dropped_is_not_missed_at_the_end_either() {
    let mut book = book();
    book.mark.dropped = dropped(&book, 6);
    book.lines.clear();
    assert_eq!(book.faults(), ["the files are empty: records 8 to 10 are missing at the end"]);
}

#[test]
fn what_follows_the_dropped_records_must_have_been_made_behind_them() {
    for (gone, what) in [
        (4, "b line 1: record 5 was not made behind this record 4"),
        (0, "a line 4: the record is not the one that the store remembers"),
    ] {
        let mut book = book();
        book.mark.dropped = Some(Link { serial: 4, hash: Bytes([7; 32]) });
        book.lines.drain(..gone);
        assert_eq!(book.faults(), [what]);
    }
}

#[test]
fn lines_of_before_the_chain_are_counted_where_it_begins_and_nowhere_else() {
    let old = |number| Line { file: "a".to_owned(), number, text: b"{\"serial\":0}".to_vec() };
    let mut upgraded = book();
    upgraded.lines.splice(..0, [old(1), old(2)]);
    assert_eq!(upgraded.faults(), [""; 0]);
    assert_eq!((upgraded.verdict().unchained, upgraded.verdict().records), (2, 10));
    let mut stripped = book();
    stripped.lines[0].text = old(1).text;
    assert_eq!(stripped.faults(), ["a line 1: it is no whole record"]);
    let mut all = book();
    all.lines = vec![old(1)];
    assert_eq!(all.verdict().faults_count, 2);
}
