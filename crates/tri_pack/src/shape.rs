//! The shape of a matrix whose number of elements is known to fit a machine word.

#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) count: usize,
}

impl Shape {
    pub(crate) fn new(rows: usize, columns: usize) -> Option<Shape> {
        Some(Shape { rows, columns, count: rows.checked_mul(columns)? })
    }

    /// Row and column of an element of the flat matrix; padding behind it counts on in the last row.
    pub(crate) fn place(self, element: usize) -> (usize, usize) {
        if self.count == 0 {
            (0, element)
        } else if element < self.count {
            (element / self.columns, element % self.columns)
        } else {
            (self.rows - 1, self.columns + (element - self.count))
        }
    }
}
