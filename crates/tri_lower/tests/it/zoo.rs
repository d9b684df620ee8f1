//! The models of `examples/zoo`: their weights are those of the published models.

use crate::support::{Model, source};

/// Numbers of tensors and of trained elements. Elements: the tables of torchvision's documentation for images, and what Hugging
/// Face's pages of the checkpoints say for language models (DiffuCoder: Qwen2.5 7B, whose shape it has).
#[test]
fn models_of_the_zoo_have_as_many_weights_as_published() {
    let zoo = [
        ("vgg16", 32, 138_357_544),
        ("mobilenet_v2", 262, 3_504_872),
        ("efficientnet_b0", 311, 5_288_548),
        ("minilm", 103, 22_713_216),
        ("llama_3_2_1b", 146, 1_235_814_400),
        ("bitnet_2b_4t", 332, 2_412_820_480),
        ("diffucoder", 339, 7_615_616_512),
    ];
    for (name, tensors, elements) in zoo {
        let model = Model::new(&source(&format!("examples/zoo/{name}.tri")));
        assert_eq!((model.module.parameters.len(), model.trained_elements()), (tensors, elements), "{name}");
    }
}

/// Some names of each published checkpoint, from every kind of layer.
#[test]
fn models_of_the_zoo_call_weights_as_published() {
    let zoo: [(&str, &[&str]); 7] = [
        ("vgg16", &["features.0.weight", "features.28.bias", "classifier.0.weight", "classifier.6.bias"]),
        (
            "mobilenet_v2",
            &[
                "features.0.0.weight",
                "features.1.conv.0.0.weight",
                "features.1.conv.1.weight",
                "features.1.conv.2.running_var",
                "features.2.conv.1.0.weight",
                "features.9.conv.2.weight",
                "features.17.conv.3.bias",
                "features.18.1.running_mean",
                "classifier.1.weight",
            ],
        ),
        (
            "efficientnet_b0",
            &[
                "features.1.0.block.0.0.weight",
                "features.1.0.block.1.fc1.bias",
                "features.1.0.block.2.1.running_var",
                "features.4.2.block.2.fc2.weight",
                "features.6.3.block.3.1.bias",
                "features.8.0.weight",
                "classifier.1.bias",
            ],
        ),
        (
            "minilm",
            &[
                "embeddings.word_embeddings.weight",
                "embeddings.LayerNorm.bias",
                "encoder.layer.5.attention.self.query.bias",
                "encoder.layer.0.attention.output.LayerNorm.weight",
                "encoder.layer.3.intermediate.dense.weight",
                "encoder.layer.3.output.dense.bias",
                "pooler.dense.weight",
            ],
        ),
        (
            "llama_3_2_1b",
            &[
                "model.embed_tokens.weight",
                "model.layers.15.self_attn.q_proj.weight",
                "model.layers.0.mlp.down_proj.weight",
                "model.layers.7.post_attention_layernorm.weight",
                "model.norm.weight",
            ],
        ),
        (
            "bitnet_2b_4t",
            &["model.layers.29.self_attn.attn_sub_norm.weight", "model.layers.0.mlp.ffn_sub_norm.weight"],
        ),
        ("diffucoder", &["model.layers.27.self_attn.v_proj.bias", "lm_head.weight"]),
    ];
    for (name, weights) in zoo {
        let model = Model::new(&source(&format!("examples/zoo/{name}.tri")));
        for weight in weights {
            assert!(model.module.parameters.iter().any(|p| p.name == *weight), "{name} has no {weight}");
        }
    }
}

/// The names and sizes of torchvision's `state_dict`, but for its counts of batches.
#[test]
fn resnets_of_the_zoo_have_the_weights_of_torchvision() {
    let zoo = [
        ("resnet18", 11_689_512, [2, 2, 2, 2], 2),
        ("resnet34", 21_797_672, [3, 4, 6, 3], 2),
        ("resnet50", 25_557_032, [3, 4, 6, 3], 3),
    ];
    for (name, elements, blocks, convolutions) in zoo {
        let model = Model::new(&source(&format!("examples/zoo/{name}.tri")));
        assert_eq!(model.trained_elements(), elements, "{name}");
        let norm = |prefix: &str| {
            ["weight", "bias", "running_mean", "running_var"].map(|part| format!("{prefix}.{part}"))
        };
        let mut expected = vec!["conv1.weight".to_owned(), "fc.weight".into(), "fc.bias".into()];
        expected.extend(norm("bn1"));
        for (stage, blocks) in blocks.into_iter().enumerate() {
            for block in (0..blocks).map(|block| format!("layer{}.{block}", stage + 1)) {
                for i in 1..=convolutions {
                    expected.push(format!("{block}.conv{i}.weight"));
                    expected.extend(norm(&format!("{block}.bn{i}")));
                }
                let keeps_shape = stage == 0 && convolutions == 2;
                if block.ends_with(".0") && !keeps_shape {
                    expected.push(format!("{block}.downsample.0.weight"));
                    expected.extend(norm(&format!("{block}.downsample.1")));
                }
            }
        }
        expected.sort();
        let mut names: Vec<String> = model.module.parameters.iter().map(|p| p.name.to_string()).collect();
        names.sort();
        assert_eq!(names, expected, "{name}");
    }
}
