//! Axes: round numbers on them, and numbers short enough for labels.

/// Round values from 0 to at least `max`, at most six, of which the last is the end of the axis.
pub(super) fn ticks(max: f64) -> Vec<f64> {
    if !(max > 0.0 && max.is_finite()) {
        return vec![0.0, 1.0];
    }
    let rough = max / 4.0;
    let power = 10f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    let count = (max / step).ceil().clamp(1.0, 6.0) as usize;
    (0..=count).map(|at| at as f64 * step).collect()
}

/// Three digits that matter.
pub(super) fn number(x: f64) -> String {
    let size = x.abs();
    let text = match size {
        _ if size == 0.0 => return "0".to_owned(),
        1e6.. => return format!("{x:.1e}"),
        100.0.. => return format!("{x:.0}"),
        10.0.. => format!("{x:.1}"),
        1.0.. => format!("{x:.2}"),
        0.001.. => format!("{x:.4}"),
        _ => return format!("{x:.1e}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Neighbours added up until at most `most` values are left, and how many make one.
pub(super) fn grouped(values: &[usize], most: usize) -> (usize, Vec<usize>) {
    let each = values.len().div_ceil(most).max(1);
    (each, values.chunks(each).map(|group| group.iter().sum()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_reach_the_largest_value() {
        assert_eq!(ticks(7.0), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(ticks(1.0), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(ticks(1000.0), [0.0, 250.0, 500.0, 750.0, 1000.0]);
        for none in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(ticks(none), [0.0, 1.0]);
        }
        for max in [1e-300, 0.3, 11.0, 12_345.6, 1e300] {
            let ticks = ticks(max);
            assert!(
                (2..=7).contains(&ticks.len()) && ticks.last().is_some_and(|end| *end >= max * 0.999),
                "{max}"
            );
        }
    }

    #[test]
    fn numbers_are_short() {
        let of = [0.0, 0.00012, 0.25, 1.5, 2.0, 12.34, 100.0, 12345.0, 1.5e7, -0.5];
        let texts = ["0", "1.2e-4", "0.25", "1.5", "2", "12.3", "100", "12345", "1.5e7", "-0.5"];
        assert_eq!(of.map(number), texts);
    }

    #[test]
    fn many_values_become_groups_of_neighbours() {
        assert_eq!(grouped(&[1, 2, 3], 4), (1, vec![1, 2, 3]));
        assert_eq!(grouped(&[1, 2, 3, 4, 5], 3), (2, vec![3, 7, 5]));
        assert_eq!(grouped(&[], 3), (1, vec![]));
    }
}
