//! How much arithmetic an instruction is, as a formula of its sizes. An estimate for people who compare layers, not a time: moving
//! data counts nothing, though it takes time too.

use tri_dims::DimError;

use crate::{Dim, Op, TensorType};

/// Operations of one instruction: two for each multiplication whose product is added (contractions, convolutions), one for each
/// element that an elementwise function gives or a reduction takes, five for each element of a softmax (largest, difference, exponential,
/// sum, quotient), four for each that is quantised (magnitude, largest, quotient, rounding), none for what moves or converts. Calls and
/// routes count nothing here: what they call does.
///
/// # Errors
/// The number does not fit in 64 bits.
pub fn operations(op: &Op, operands: &[&TensorType], results: &[&TensorType]) -> Result<Dim, DimError> {
    let elements = |ty: Option<&&TensorType>| ty.map_or(Ok(Dim::default()), |ty| Dim::product(&ty.shape));
    let times = |n: i64, dim: Dim| dim.mul(&Dim::constant(n));
    match op {
        Op::Unary(_) | Op::Binary(_) | Op::Select => elements(results.first()),
        Op::Reduce { .. } | Op::ArgMax { .. } => elements(operands.first()),
        Op::Softmax { .. } => times(5, elements(results.first())?),
        Op::Quantize(_) => times(4, elements(operands.first())?),
        Op::Pool2d(pool) => {
            let window = i64::from(pool.size[0]).saturating_mul(pool.size[1].into());
            times(window, elements(results.first())?)
        }
        Op::Contract { contract, .. } => {
            let summed = contract.iter().filter_map(|(left, _)| operands.first()?.shape.get(*left as usize));
            times(2, elements(results.first())?.mul(&Dim::product(summed)?)?)
        }
        Op::Conv2d(_) => {
            // The weight is [out, in / groups, rows, columns]: an output element sums over all but the first.
            let window = operands.get(1).map_or(&[][..], |weight| weight.shape.get(1..).unwrap_or_default());
            times(2, elements(results.first())?.mul(&Dim::product(window)?)?)
        }
        Op::ArgMaxClusters => {
            // Each row meets every column of the first table, then every one of the part chosen.
            let sizes = |at: usize| operands.get(at).map_or(&[][..], |ty| &ty.shape);
            let (first, second) =
                (Dim::product(sizes(1))?, Dim::product(sizes(2).get(1..).unwrap_or_default())?);
            let rows = sizes(0).first().cloned().unwrap_or_default();
            times(2, rows.mul(&first.add(&second)?)?)
        }
        Op::Constant(_)
        | Op::Literal(_)
        | Op::DimValue(_)
        | Op::Iota { .. }
        | Op::Random
        | Op::Cast
        | Op::Broadcast
        | Op::Reshape
        | Op::Permute { .. }
        | Op::Slice { .. }
        | Op::Concat { .. }
        | Op::Pad { .. }
        | Op::Gather
        | Op::Encode
        | Op::Call { .. }
        | Op::Route { .. }
        | Op::StateRead { .. }
        | Op::StateWrite { .. }
        | Op::BindDim { .. } => Ok(Dim::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Conv2d, DType, ReduceOp, Symbol, UnaryOp};

    fn ty(shape: &[i64]) -> TensorType {
        TensorType::new(DType::F32, shape.iter().map(|size| Dim::constant(*size)).collect::<Vec<_>>())
    }

    #[test]
    fn a_multiplication_with_its_addition_is_two() {
        let contract = Op::Contract { batch: Vec::new(), contract: vec![(1, 1)] };
        let mut x = ty(&[0, 64]);
        x.shape[0] = Dim::var(Symbol(0));
        let mut y = ty(&[0, 10]);
        y.shape[0] = Dim::var(Symbol(0));
        let counted = operations(&contract, &[&x, &ty(&[10, 64])], &[&y]).unwrap();
        assert_eq!(counted, Dim::var(Symbol(0)).mul(&Dim::constant(2 * 64 * 10)).unwrap());
    }

    #[test]
    fn the_first_convolution_of_resnet_is_as_published() {
        // 118,013,952 multiply-adds (torchvision, fvcore).
        let conv =
            Op::Conv2d(Conv2d { stride: [2, 2], padding: [3, 3], dilation: [1, 1], groups: 1, kernel: None });
        let types = [ty(&[1, 3, 224, 224]), ty(&[64, 3, 7, 7]), ty(&[1, 64, 112, 112])];
        let counted = operations(&conv, &[&types[0], &types[1]], &[&types[2]]).unwrap();
        assert_eq!(counted.as_constant(), Some(2 * 118_013_952));
    }

    #[test]
    fn elements_count_once_and_views_do_not() {
        let x = ty(&[4, 8]);
        assert_eq!(operations(&Op::Unary(UnaryOp::Exp), &[&x], &[&x]).unwrap().as_constant(), Some(32));
        assert_eq!(operations(&Op::Reshape, &[&x], &[&ty(&[32])]).unwrap().as_constant(), Some(0));
        let sum = Op::Reduce { op: ReduceOp::Sum, axes: vec![1] };
        assert_eq!(operations(&sum, &[&x], &[&ty(&[4])]).unwrap().as_constant(), Some(32));
    }

    #[test]
    fn too_many_to_count_is_an_error() {
        let x = ty(&[i64::MAX, 4]);
        assert_eq!(operations(&Op::Unary(UnaryOp::Exp), &[&x], &[&x]), Err(DimError::Overflow));
    }
}
