//! Near misses: which known name was probably meant.

/// The known name that `name` is closest to, if one is close: a third of it may differ.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).max(1);
    let near = known.into_iter().map(|other| (distance(name, other), other));
    near.filter(|(distance, _)| (1..=allowed).contains(distance)).min().map(|(_, other)| other)
}

/// Names are cut here before they are compared, so that long ones cost little.
const LONGEST: usize = 128;

/// Insertions, deletions and replacements between two names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(LONGEST).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(LONGEST).enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
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
        assert_eq!(nearest("Vocabulary", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn distances_count_single_edits() {
        assert_eq!((distance("kitten", "sitting"), distance("", "abc"), distance("ab", "ab")), (3, 3, 0));
    }
}
