//! Two-dimensional convolution: a contraction over (input channel, kernel row, kernel column), padding skipped. The
//! loops run along output channels, whose weights are brought together first.

use tri_ir::Conv2d;

use super::contraction::{fma_step, integer_step, step_row, trit_step};
use crate::tensor::{Elements, Tensor, permuted};

pub(crate) fn conv2d(x: &Tensor, w: &Tensor, attributes: Conv2d, shape: Vec<usize>) -> Tensor {
    let w = match attributes.kernel {
        Some([rows, columns]) => {
            let (outputs, channels) = (w.shape[0], x.shape[1] / attributes.groups as usize);
            w.reshaped(vec![outputs, channels, rows as usize, columns as usize])
        }
        None => w.clone(),
    };
    let window = Window::new(x, &w, attributes, &shape);
    // [O, C / groups, KH, KW] to [groups, C / groups, KH, KW, O / groups].
    let [o, c, kh, kw] = [w.shape[0], w.shape[1], w.shape[2], w.shape[3]];
    let w = permuted(&w.reshaped(vec![window.groups, o / window.groups, c, kh, kw]), &[0, 2, 3, 4, 1]);
    let elements = match (x.elements(), w.elements()) {
        (Elements::F32(x), Elements::F32(w)) => Elements::F32(window.sums(x, w, fma_step)),
        (Elements::F32(x), Elements::Trit(w)) => Elements::F32(window.sums(x, w, trit_step)),
        (Elements::I8(x), Elements::Trit(w) | Elements::I8(w)) => {
            Elements::I32(window.sums(x, w, integer_step))
        }
        (x, w) => unreachable!("verified: no convolution of {:?} by {:?}", x.dtype(), w.dtype()),
    };
    Tensor::new(shape, elements)
}

/// Sizes of a convolution; channels are those of one group.
struct Window {
    batch: usize,
    groups: usize,
    inputs: usize,
    outputs: usize,
    size: [usize; 2],
    kernel: [usize; 2],
    result: [usize; 2],
    attributes: Conv2d,
}

impl Window {
    fn new(x: &Tensor, w: &Tensor, attributes: Conv2d, shape: &[usize]) -> Window {
        let groups = attributes.groups as usize;
        Window {
            batch: x.shape[0],
            groups,
            inputs: w.shape[1],
            outputs: w.shape[0] / groups,
            size: [x.shape[2], x.shape[3]],
            kernel: [w.shape[2], w.shape[3]],
            result: [shape[2], shape[3]],
            attributes,
        }
    }

    /// Position in the operand of a kernel element, or `None` in the padding.
    fn position(&self, axis: usize, output: usize, kernel: usize) -> Option<usize> {
        let Conv2d { stride, padding, dilation, .. } = self.attributes;
        let padded = output * stride[axis] as usize + kernel * dilation[axis] as usize;
        padded.checked_sub(padding[axis] as usize).filter(|at| *at < self.size[axis])
    }

    fn sums<X: Copy, W: Copy, S: Copy + Default>(
        &self,
        x: &[X],
        w: &[W],
        step: impl Fn(S, X, W) -> S + Copy,
    ) -> Vec<S> {
        let pixels = self.result[0] * self.result[1];
        let mut result = vec![S::default(); self.batch * self.groups * self.outputs * pixels];
        let mut sums = vec![S::default(); self.outputs];
        for image in 0..self.batch * self.groups {
            let w = &w[image % self.groups * self.kernel_elements()..][..self.kernel_elements()];
            for pixel in 0..pixels {
                sums.fill(S::default());
                self.pixel(&mut sums, x, w, image, pixel, step);
                for (channel, sum) in sums.iter().enumerate() {
                    result[(image * self.outputs + channel) * pixels + pixel] = *sum;
                }
            }
        }
        result
    }

    /// Weights of one group.
    fn kernel_elements(&self) -> usize {
        self.inputs * self.kernel[0] * self.kernel[1] * self.outputs
    }

    /// The chains of one output pixel: all output channels of a group.
    fn pixel<X: Copy, W: Copy, S: Copy>(
        &self,
        sums: &mut [S],
        x: &[X],
        w: &[W],
        image: usize,
        pixel: usize,
        step: impl Fn(S, X, W) -> S + Copy,
    ) {
        let (row, column) = (pixel / self.result[1], pixel % self.result[1]);
        for channel in 0..self.inputs {
            let plane = (image * self.inputs + channel) * self.size[0];
            for kernel_row in 0..self.kernel[0] {
                let Some(y) = self.position(0, row, kernel_row) else { continue };
                for kernel_column in 0..self.kernel[1] {
                    let Some(at) = self.position(1, column, kernel_column) else { continue };
                    let tap = (channel * self.kernel[0] + kernel_row) * self.kernel[1] + kernel_column;
                    let weights = &w[tap * self.outputs..(tap + 1) * self.outputs];
                    step_row(sums, x[(plane + y) * self.size[1] + at], weights, step);
                }
            }
        }
    }
}
