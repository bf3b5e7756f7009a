//! Edits as tables, and what no order of edits may break.

use unicode_segmentation::UnicodeSegmentation;

use super::*;

/// An input whose cursor stands where `text` has its `|`.
fn input(text: &str) -> Input {
    let cursor = text.find('|').unwrap();
    Input { text: text.replacen('|', "", 1), cursor, ..Input::default() }
}

fn shown(input: &Input) -> String {
    let mut text = input.text.clone();
    text.insert(input.cursor, '|');
    text
}

#[test]
fn the_cursor_moves_by_clusters_words_and_lines() {
    for (before, reach, after) in [
        ("ab|c", Reach::Left, "a|bc"),
        ("|abc", Reach::Left, "|abc"),
        ("abc|", Reach::Right, "abc|"),
        ("e\u{301}|x", Reach::Left, "|e\u{301}x"),
        ("one two|", Reach::WordLeft, "one |two"),
        ("one.two, |", Reach::WordLeft, "one.|two, "),
        ("ne\u{301}e |", Reach::WordLeft, "|ne\u{301}e "),
        ("a/b.c |", Reach::BlankLeft, "|a/b.c "),
        (" |", Reach::BlankLeft, "| "),
        ("|one two", Reach::WordRight, "one| two"),
        ("one|, two.", Reach::WordRight, "one, two|."),
        ("a\nbc|d", Reach::LineStart, "a\n|bcd"),
        ("a|b\ncd", Reach::LineEnd, "ab|\ncd"),
        ("ab\ncd|e", Reach::Up, "ab|\ncde"),
        ("abc|\nd", Reach::Down, "abc\nd|"),
        ("ab|c", Reach::Up, "ab|c"),
    ] {
        let mut line = input(before);
        line.go(reach);
        assert_eq!(shown(&line), after, "{before} {reach:?}");
    }
}

#[test]
fn what_is_killed_in_one_go_is_yanked_as_one() {
    let mut ring = KillRing::default();
    let mut line = input("one two| three");
    line.kill(Reach::WordLeft, &mut ring);
    line.kill(Reach::WordLeft, &mut ring);
    line.kill(Reach::LineEnd, &mut ring);
    assert_eq!(shown(&line), "|");
    assert_eq!(line.yank(&ring), Fit::Whole);
    assert_eq!(shown(&line), "one two three|");
}

#[test]
fn older_kills_come_after_a_yank_round_and_round() {
    let mut ring = KillRing::default();
    let mut line = input("a b c|");
    line.yank_older(&ring);
    for _ in 0..3 {
        line.kill(Reach::WordLeft, &mut ring);
        line.delete(Reach::Left);
    }
    line.yank(&ring);
    let mut seen = vec![shown(&line)];
    for _ in 0..3 {
        line.yank_older(&ring);
        seen.push(shown(&line));
    }
    assert_eq!(seen, ["a|", "b|", "c|", "a|"]);
    line.go(Reach::Left);
    line.yank_older(&ring);
    assert_eq!(shown(&line), "|a", "only what was just put in is changed");
}

#[test]
fn the_end_of_a_line_is_cut_with_the_line() {
    let mut ring = KillRing::default();
    let mut line = input("|one\ntwo");
    line.kill(Reach::LineEnd, &mut ring);
    assert_eq!(shown(&line), "|\ntwo");
    line.kill(Reach::LineEnd, &mut ring);
    assert_eq!(shown(&line), "|two");
    line.yank(&ring);
    assert_eq!(shown(&line), "one\n|two");
}

#[test]
fn neighbours_are_exchanged_within_their_line() {
    for (before, after) in [
        ("ab|c", "acb|"),
        ("abc|", "acb|"),
        ("|abc", "|abc"),
        ("a|", "a|"),
        ("ab|\nc", "ba|\nc"),
        ("a\n|bc", "a\n|bc"),
        ("xe\u{301}|y", "xye\u{301}|"),
    ] {
        let mut line = input(before);
        line.transpose();
        assert_eq!(shown(&line), after, "{before}");
    }
}

#[test]
fn changes_are_taken_back_by_words_and_done_again() {
    let mut line = Input::default();
    for c in "one two".chars() {
        line.insert(&c.to_string());
    }
    line.insert(" pasted text");
    line.delete(Reach::Left);
    line.delete(Reach::Left);
    line.clear();
    let mut seen = vec![];
    for _ in 0..6 {
        line.undo();
        seen.push(shown(&line));
    }
    let back = ["one two pasted te|", "one two pasted text|", "one two|", "one |", "|", "|"];
    assert_eq!(seen, back);
    line.redo();
    line.redo();
    assert_eq!(shown(&line), "one two|");
    line.insert("!");
    line.redo();
    assert_eq!(shown(&line), "one two!|", "what was changed since is not overwritten");
}

#[test]
fn a_paste_keeps_its_lines_and_loses_its_escapes() {
    let mut line = input("<|>");
    assert_eq!(line.insert("a\r\nb\rc\x1b[31m\td"), Fit::Whole);
    assert_eq!(shown(&line), "<a\nb\nc[31m\td|>");
    let mut full = Input::default();
    assert_eq!(full.insert(&"é".repeat(INPUT_BYTES_MAX)), Fit::Cut);
    assert_eq!(full.text().len(), INPUT_BYTES_MAX);
}

#[test]
fn a_combining_mark_joins_what_stands_before_it() {
    let mut line = input("e|x");
    line.insert("\u{301}");
    assert_eq!(shown(&line), "e\u{301}|x");
}

proptest::proptest! {
    #[test]
    fn any_edits_keep_the_cursor_between_clusters_and_can_all_be_taken_back(
        edits in proptest::collection::vec((0..10u8, 0..9u8, "\\PC{0,3}"), 0..60),
    ) {
        let reaches = [Reach::Left, Reach::Right, Reach::WordLeft, Reach::WordRight,
            Reach::BlankLeft, Reach::LineStart, Reach::LineEnd, Reach::Up, Reach::Down];
        let mut ring = KillRing::default();
        let mut line = Input::default();
        for (edit, reach, text) in edits {
            let reach = reaches[usize::from(reach)];
            match edit {
                0 => { line.insert(&text); }
                1 => { line.insert("\n"); }
                2 => line.go(reach),
                3 => line.kill(reach, &mut ring),
                4 => { line.yank(&ring); }
                5 => { line.yank_older(&ring); }
                6 => line.transpose(),
                7 => line.delete(reach),
                8 => line.undo(),
                _ => line.redo(),
            }
            let boundary = line.text.grapheme_indices(true).any(|(at, _)| at == line.cursor);
            proptest::prop_assert!(boundary || line.cursor == line.text.len(), "{line:?}");
        }
        for _ in 0..200 {
            line.redo();
        }
        let written = line.text.clone();
        for _ in 0..200 {
            line.undo();
        }
        proptest::prop_assert_eq!(line.text(), "");
        for _ in 0..200 {
            line.redo();
        }
        proptest::prop_assert_eq!(line.text(), written);
    }
}
