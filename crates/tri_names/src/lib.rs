//! Near misses: which known name was probably meant. Names of programs, of tensors and of inputs alike.

/// The known name that `name` is closest to, if one is close: a third of it may differ, nothing of a very short one, and case does not count. Of names as close,
/// the one whose case agrees better, then the first in the alphabet.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    // One or two letters are as close to any others.
    let allowed = match name.chars().count() {
        0..=2 => 0,
        count => (count / 3).max(1),
    };
    let (lower, letters) = (name.to_lowercase(), letters(name));
    let near = known.into_iter().take(MOST).filter(|other| {
        // Most names are told apart by this, so that few are compared letter by letter.
        *other != name
            && other.len() <= LONGEST
            && other.len().abs_diff(name.len()) <= 4 * allowed.max(1)
            && (letters ^ self::letters(other)).count_ones() as usize <= 2 * allowed
    });
    let near = near.map(|other| {
        let folded = distance(&lower, &other.to_lowercase());
        (folded, distance(name, other), other)
    });
    near.filter(|(folded, ..)| *folded <= allowed).min().map(|(_, _, other)| other)
}

/// Which letters and digits a name has, a bit each, whatever their case. An edit changes two of them at most.
fn letters(name: &str) -> u64 {
    name.chars().flat_map(char::to_lowercase).fold(0, |set, letter| set | 1 << (letter as u32 % 64))
}

/// Names that are compared, of those that are known: a file may declare a million, and misspell as many.
const MOST: usize = 2000;

/// Longer names, in bytes, are near no other: comparing takes the product of the lengths.
const LONGEST: usize = 128;

/// Insertions, deletions and replacements between two names; two letters that changed places count as one.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut above: Vec<usize> = vec![0; b.len() + 1];
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut before = None;
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            next[j + 1] = (row[j] + usize::from(x != *y)).min(next[j] + 1).min(row[j + 1] + 1);
            if j > 0 && before == Some(*y) && b[j - 1] == x {
                next[j + 1] = next[j + 1].min(above[j - 1] + 1);
            }
        }
        above = std::mem::replace(&mut row, next);
        before = Some(x);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_near_and_another_word_is_not() {
        let known = ["Layers", "Hidden", "Heads"];
        assert_eq!(nearest("Layer", known), Some("Layers"));
        assert_eq!(nearest("Hiden", known), Some("Hidden"));
        assert_eq!(nearest("layers", known), Some("Layers"));
        assert_eq!(nearest("Vocabulary", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("self", ["erf"]), None);
        assert_eq!((nearest("D", ["B", "T"]), nearest("d", ["D"])), (None, Some("D")));
    }

    #[test]
    fn case_decides_between_names_as_close() {
        assert_eq!(nearest("mlpp", ["Mlp", "mlp"]), Some("mlp"));
        assert_eq!(nearest("Mlpp", ["Mlp", "mlp"]), Some("Mlp"));
    }

    #[test]
    fn what_tells_names_apart_at_a_glance_hides_no_near_one() {
        let names = [
            "",
            "a",
            "ab",
            "ba",
            "abc",
            "bca",
            "Abd",
            "layer_1",
            "layer_2",
            "LAYER1",
            "q_proj",
            "\u{130}stanbul",
            "stanbul",
        ];
        for name in names.iter().filter(|name| name.len() > 2) {
            let allowed = (name.chars().count() / 3).max(1);
            for other in names.iter().filter(|other| *other != name) {
                let is_near = distance(&name.to_lowercase(), &other.to_lowercase()) <= allowed;
                assert_eq!(nearest(name, [*other]).is_some(), is_near, "{name} {other}");
            }
        }
    }

    #[test]
    fn very_long_names_are_not_compared() {
        let long = "x".repeat(10_000_000);
        assert_eq!(nearest(&long, ["x", &long[1..]]), None);
        assert_eq!(nearest("xxy", [long.as_str(), "xxx"]), Some("xxx"));
    }

    #[test]
    fn distances_count_single_edits() {
        assert_eq!((distance("kitten", "sitting"), distance("", "abc"), distance("ab", "ab")), (3, 3, 0));
        assert_eq!((distance("fowrard", "forward"), distance("ba", "ab")), (1, 1));
    }
}
