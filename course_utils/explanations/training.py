"""What training and plain torch say."""

from ..texts import Bilingual
from .entry import NO, YES, Entry

ENTRIES = (
    Entry(
        slug="accelerate-missing",
        sign="Using the `Trainer` with `PyTorch` requires `accelerate>=1.1.0`",
        pattern=r"Using the `Trainer` with `PyTorch` requires `accelerate",
        matters=YES,
        meaning=Bilingual(
            "`Trainer` needs accelerate, and this Python does not have it. The course installs it, so the notebook "
            "probably has the wrong kernel.",
            "`Trainer` 需要 accelerate，而這個 Python 沒有。課程會安裝它，所以 notebook 可能選錯了 kernel。",
        ),
        remedy=Bilingual(
            "Choose the course's kernel, or install it in this one's environment and restart the kernel.",
            "選擇課程的 kernel，或把它安裝到這個 kernel 的環境裡，再重新啟動 kernel。",
        ),
        code='%pip install "accelerate>=1.10,<2"',
        kinds=("ImportError",),
    ),
    Entry(
        slug="old-training-argument",
        sign="TrainingArguments.__init__() got an unexpected keyword argument 'evaluation_strategy'",
        pattern=r"TrainingArguments\.__init__\(\) got an unexpected keyword argument",
        matters=YES,
        meaning=Bilingual(
            "The argument has another name in transformers 5, or is gone.",
            "這個引數在 transformers 5 裡換了名稱，或已經移除。",
        ),
        remedy=Bilingual(
            "`evaluation_strategy` is `eval_strategy` now, `no_cuda` is `use_cpu`; `overwrite_output_dir` is gone.",
            "`evaluation_strategy` 現在是 `eval_strategy`，`no_cuda` 現在是 `use_cpu`；"
            "`overwrite_output_dir` 已經移除。",
        ),
        code='TrainingArguments(folder, eval_strategy="epoch", use_cpu=True)',
        kinds=("TypeError",),
    ),
    Entry(
        slug="trainer-takes-a-processing-class",
        sign="Trainer.__init__() got an unexpected keyword argument 'tokenizer'",
        pattern=r"Trainer\.__init__\(\) got an unexpected keyword argument",
        matters=YES,
        meaning=Bilingual(
            "`Trainer` does not know this argument. The tokenizer has another name there, in transformers 5.",
            "`Trainer` 不認得這個引數。在 transformers 5 裡，接收 tokenizer 的引數換了名稱。",
        ),
        remedy=Bilingual(
            "For `tokenizer`, say `processing_class`.",
            "把 `tokenizer` 改寫成 `processing_class`。",
        ),
        code="Trainer(model=model, args=arguments, train_dataset=texts, processing_class=tokenizer)",
        kinds=("TypeError",),
    ),
    Entry(
        slug="trainer-got-no-loss",
        sign="The model did not return a loss from the inputs, only the following keys: logits.",
        pattern=r"The model did not return a loss from the inputs",
        matters=YES,
        meaning=Bilingual(
            "The training examples have no `labels`, and without them the model computes no loss.",
            "訓練資料裡沒有 `labels`，所以模型沒有計算損失。",
        ),
        remedy=Bilingual(
            "Give each example its labels, for a language model the ids themselves, and take a collator that pads labels "
            "with -100. `DataCollatorForLanguageModeling` makes labels too, but it leaves out every `pad_token`: where "
            "that is the `eos_token`, the real ends are left out as well, and the model does not learn to stop.",
            "替每筆資料加上 labels（對語言模型來說，就是 id 本身），並改用會以 -100 填充 labels 的 collator。"
            "`DataCollatorForLanguageModeling` 也會產生 labels，但會略過所有的 `pad_token`；如果它就是 `eos_token`，"
            "真正的結尾也會一併略過，模型就學不會停下來。",
        ),
        code="from transformers import DataCollatorForSeq2Seq\n"
        "rows = [[*tokenizer(text).input_ids, tokenizer.eos_token_id] for text in texts]\n"
        'examples = [{"input_ids": row, "labels": row} for row in rows]\n'
        "collator = DataCollatorForSeq2Seq(tokenizer)\n"
        "Trainer(model=model, args=arguments, train_dataset=examples, data_collator=collator)",
        kinds=("ValueError",),
    ),
    Entry(
        slug="trainer-got-an-empty-batch",
        sign="The batch received was empty, your model won't be able to train on it.",
        pattern=r"The batch received was empty, your model won't be able to train on it",
        matters=YES,
        meaning=Bilingual(
            "`Trainer` drops columns that the model does not take, and here none is left: the texts have not been "
            "turned into tokens.",
            "`Trainer` 會丟掉模型不接受的欄位，結果一個欄位也不剩，因為文字還沒有切成 token。",
        ),
        remedy=Bilingual(
            "Give it tokens, not texts.",
            "請傳入 token，不要傳入文字。",
        ),
        code="examples = [dict(tokenizer(text)) for text in texts]",
        kinds=("ValueError",),
    ),
    Entry(
        slug="loss-type-not-set",
        sign="`loss_type=None` was set in the config but it is unrecognized. Using the default loss: `ForCausalLMLoss`.",
        pattern=r"`loss_type=None` was set in the config but it is unrecognized",
        matters=NO,
        meaning=Bilingual(
            "The loss is the right one for GPT-2, the cross-entropy of the next token. It just was not stated in the settings.",
            "使用的損失正是 GPT-2 該用的損失，也就是下一個 token 的交叉熵，只是設定裡沒有寫明。",
        ),
        remedy=Bilingual(
            "Nothing; to be rid of the message, state the loss.",
            "不必處理；如果不想看到這則訊息，就把損失寫明。",
        ),
        code='model.loss_type = "ForCausalLM"',
    ),
    Entry(
        slug="pin-memory-without-gpu",
        sign="'pin_memory' argument is set as true but no accelerator is found",
        pattern=r"'pin_memory' argument is set as true but no accelerator is found",
        matters=NO,
        meaning=Bilingual(
            "A setting that speeds up copying to a GPU, on a machine without one. It does nothing.",
            "這個設定能加快把資料複製到 GPU 的速度，但這台機器沒有 GPU，所以沒有作用。",
        ),
        remedy=Bilingual(
            "Nothing; or switch it off.",
            "不必處理；也可以關掉它。",
        ),
        code="DataLoader(texts, pin_memory=False)\nTrainingArguments(folder, dataloader_pin_memory=False)",
    ),
    Entry(
        slug="backward-twice",
        sign="Trying to backward through the graph a second time",
        pattern=r"Trying to backward through the graph a second time",
        matters=YES,
        meaning=Bilingual(
            "`backward()` frees what it needed, so it works once for each forward pass. Often the cell with "
            "`loss.backward()` was run twice.",
            "`backward()` 執行完就釋放暫存的內容，所以每次前向傳播只能呼叫一次。常見的原因是重複執行了 "
            "`loss.backward()` 的儲存格。",
        ),
        remedy=Bilingual(
            "Compute the loss again before each `backward()`.",
            "每次 `backward()` 之前，重新計算損失。",
        ),
        code="loss = model(**inputs, labels=inputs.input_ids).loss\nloss.backward()",
        kinds=("RuntimeError",),
    ),
    Entry(
        slug="no-gradients-recorded",
        sign="element 0 of tensors does not require grad and does not have a grad_fn",
        pattern=r"element \d+ of tensors does not require grad and does not have a grad_fn",
        matters=YES,
        meaning=Bilingual(
            "The loss was computed without a record for gradients: under `torch.no_grad()`, with all weights "
            "frozen, or from a detached tensor.",
            "計算損失時沒有留下梯度的紀錄。可能是在 `torch.no_grad()` 裡計算、權重全部凍結，或用了 detach 過的張量。",
        ),
        remedy=Bilingual(
            "Compute the loss outside `no_grad`, and see that something can be trained.",
            "在 `no_grad` 之外計算損失，並確認有可以訓練的權重。",
        ),
        code="print(sum(p.requires_grad for p in model.parameters()))\n"
        "loss = model(**inputs, labels=inputs.input_ids).loss",
        kinds=("RuntimeError",),
    ),
    Entry(
        slug="weight-changed-in-place",
        sign="a leaf Variable that requires grad is being used in an in-place operation.",
        pattern=r"a leaf Variable that requires grad is being used in an in-place operation"
        r"|a view of a leaf Variable that requires grad is being used in an in-place operation",
        matters=YES,
        meaning=Bilingual(
            "A weight was changed directly while torch records computations for its gradient.",
            "torch 正在為權重的梯度做紀錄，這時不能直接改動權重。",
        ),
        remedy=Bilingual(
            "Change weights without recording.",
            "在不做紀錄的情況下改動權重。",
        ),
        code="with torch.no_grad():\n    model.lm_head.weight.mul_(2)",
        kinds=("RuntimeError",),
    ),
    Entry(
        slug="backward-needs-one-number",
        sign="grad can be implicitly created only for scalar outputs",
        pattern=r"grad can be implicitly created only for scalar outputs",
        matters=YES,
        meaning=Bilingual(
            "`backward()` starts from one number, the loss, and this tensor holds many.",
            "`backward()` 要從一個數字（損失）開始算，而這個張量裡有很多數字。",
        ),
        remedy=Bilingual(
            "Take the mean first, or use the model's loss.",
            "先取平均，或使用模型算好的損失。",
        ),
        code="loss = losses.mean()\nloss.backward()",
        kinds=("RuntimeError",),
    ),
    Entry(
        slug="labels-do-not-fit",
        sign="Expected input batch_size (5) to match target batch_size (4).",
        pattern=r"Expected input batch_size \(\d+\) to match target batch_size|Expected target size \[",
        matters=YES,
        meaning=Bilingual(
            "Logits and labels do not have a row each for the same tokens. With `labels=`, the model itself shifts "
            "by one, so the labels must be as long as the ids; for `cross_entropy`, the logits must be flat.",
            "logits 和 labels 對不上，兩者應該一個 token 一列。使用 `labels=` 時，模型自己會位移（shift）一格，"
            "所以 labels 要和 id 一樣長；使用 `cross_entropy` 時，要先把 logits 攤平。",
        ),
        remedy=Bilingual(
            "Let the model do it, or shift and flatten both by hand.",
            "交給模型處理，或自己把兩者位移、攤平。",
        ),
        code="loss = model(input_ids, labels=input_ids).loss\n"
        "loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), input_ids[:, 1:].flatten())",
        kinds=("ValueError", "RuntimeError"),
    ),
    Entry(
        slug="shapes-do-not-fit",
        sign="mat1 and mat2 shapes cannot be multiplied (2x3 and 4x2)",
        pattern=r"mat1 and mat2 shapes cannot be multiplied"
        r"|The size of tensor a \(\d+\) must match the size of tensor b",
        matters=YES,
        meaning=Bilingual(
            "Two tensors are combined whose shapes do not fit: in a product, the columns of the first are not the "
            "rows of the second; in a sum, a dimension differs.",
            "兩個張量的形狀不合。相乘時，前者的欄（column）數和後者的列（row）數不同；相加時，有一個維度不同。",
        ),
        remedy=Bilingual(
            "Print the shapes. Often a transpose is missing, or a batch dimension is too many.",
            "印出形狀。常見的原因是少了轉置，或多了批次維度。",
        ),
        code="print(hidden.shape, weight.shape)\nlogits = hidden @ weight.T",
        kinds=("RuntimeError",),
    ),
    Entry(
        slug="different-dtypes",
        sign="mat1 and mat2 must have the same dtype, but got Half and Float",
        pattern=r"must have the same dtype, but got \w+ and \w+|expected scalar type \w+ but found \w+",
        matters=YES,
        meaning=Bilingual(
            "Numbers of two precisions meet: a checkpoint in float16 or bfloat16, say, and a layer of yours in "
            "float32. `from_pretrained` keeps the checkpoint's own precision.",
            "兩種精度的數字放在一起計算，例如檢查點是 float16 或 bfloat16，而你自己的層是 float32。"
            "`from_pretrained` 會沿用檢查點原本的精度。",
        ),
        remedy=Bilingual(
            "Load the model in float32, or bring both to one precision.",
            "用 float32 載入模型，或把兩者轉成同一種精度。",
        ),
        code="model = GPT2LMHeadModel.from_pretrained(CHECKPOINT, dtype=torch.float32)",
        kinds=("RuntimeError",),
    ),
    Entry(
        slug="different-devices",
        sign="Expected all tensors to be on the same device",
        pattern=r"Expected all tensors to be on the same device"
        r"|Tensor on device \S{1,20} is not on the expected device",
        matters=YES,
        meaning=Bilingual(
            "Model and inputs are in different places, one on the GPU and one on the CPU, for instance.",
            "模型和輸入在不同的裝置上，例如一個在 GPU，一個在 CPU。",
        ),
        remedy=Bilingual(
            "Bring the inputs to where the model is.",
            "把輸入搬到模型所在的裝置。",
        ),
        code="model(**inputs.to(model.device))",
        kinds=("RuntimeError",),
    ),
    Entry(
        slug="no-gpu-here",
        sign="Torch not compiled with CUDA enabled",
        pattern=r"Torch not compiled with CUDA enabled|Found no NVIDIA driver on your system",
        matters=YES,
        meaning=Bilingual(
            'The code asks for a GPU (`"cuda"`), and this torch, or this machine, has none. The course needs none.',
            '程式要使用 GPU（`"cuda"`），但這個版本的 torch 不支援，或這台機器沒有 GPU。這門課不需要 GPU。',
        ),
        remedy=Bilingual(
            "Take the CPU where there is no GPU.",
            "沒有 GPU 時就用 CPU。",
        ),
        code='device = "cuda" if torch.cuda.is_available() else "cpu"\nmodel.to(device)',
        kinds=("AssertionError", "RuntimeError"),
    ),
    Entry(
        slug="out-of-memory",
        sign="DefaultCPUAllocator: can't allocate memory: you tried to allocate 4000000000000000 bytes.",
        pattern=r"DefaultCPUAllocator: (?:can't allocate|not enough) memory|CUDA out of memory"
        r"|Unable to allocate .{1,40}for an array with shape",
        matters=YES,
        meaning=Bilingual(
            "There is not enough memory for a tensor of this size. The message says how many bytes it would take.",
            "記憶體不夠，放不下這麼大的張量。訊息裡寫著需要多少位元組。",
        ),
        remedy=Bilingual(
            "Use smaller batches and shorter texts, compute without gradients, close other notebooks, and restart "
            "the kernel. If the number is absurd, a shape is wrong.",
            "把批次變小、文字變短，不計算梯度，關掉其他 notebook，再重新啟動 kernel。如果數字大得離譜，多半是形狀寫錯了。",
        ),
        code="with torch.no_grad():\n    outputs = model(input_ids[:1, :256])",
        kinds=("RuntimeError", "MemoryError", "OutOfMemoryError"),
    ),
    Entry(
        slug="heads-do-not-divide",
        sign="`embed_dim` must be divisible by num_heads (got `embed_dim`: 10 and `num_heads`: 3).",
        pattern=r"`embed_dim` must be divisible by num_heads",
        matters=YES,
        meaning=Bilingual(
            "The heads share the vector's entries equally, so `n_embd` must be a multiple of `n_head`.",
            "各個注意力頭（attention head）平分向量，所以 `n_embd` 必須是 `n_head` 的倍數。",
        ),
        remedy=Bilingual(
            "Change one of the two.",
            "請改動其中一個。",
        ),
        code="GPT2Config(n_embd=12, n_head=3)",
        kinds=("ValueError",),
    ),
    Entry(
        slug="gradient-checkpointing-renamed",
        sign="`gradient_checkpointing_enable` is deprecated and will be removed in v6.",
        pattern=r"`gradient_checkpointing_\w+` is deprecated",
        matters=NO,
        meaning=Bilingual(
            "The method still works; from version 6 on it has another name only.",
            "這個方法目前還能用；從第 6 版起只剩新的名稱。",
        ),
        remedy=Bilingual(
            "Write the new name when you next touch the line.",
            "下次改到這一行時，換成新的名稱。",
        ),
        code="model.activation_checkpointing_enable()",
    ),
)
