"""What loading, saving and the Hugging Face hub say."""

from ..texts import Bilingual
from .entry import DEPENDS, NO, YES, Entry

ENTRIES = (
    Entry(
        slug="weights-missing",
        sign="LOAD REPORT: score.weight | MISSING",
        pattern=r"\| *MISSING *\|",
        matters=DEPENDS,
        meaning=Bilingual(
            "The checkpoint has no weights of this name, so they are random now. For a new head (`score.weight` of a "
            "classifier) that is as it should be, until you train it. For a GPT-2 layer, or for `lm_head.weight`, it "
            "is an error: the outputs are noise.",
            "檢查點裡沒有這個名稱的權重，所以現在的值是隨機的。新的輸出層（例如分類器的 `score.weight`）本來就該這樣，"
            "訓練之後才有用。但如果是 GPT-2 的某一層，或是 `lm_head.weight`，那就有問題，輸出只是雜訊。",
        ),
        remedy=Bilingual(
            "New head: train it. Otherwise load with the config of the checkpoint itself, and leave out arguments "
            "such as `n_layer` or `tie_word_embeddings`.",
            "如果是新的輸出層，請訓練它。其他情況，請使用檢查點自己的設定來載入，不要傳入 `n_layer`、`tie_word_embeddings` 這類引數。",
        ),
        code="model = GPT2LMHeadModel.from_pretrained(CHECKPOINT)",
    ),
    Entry(
        slug="weights-unexpected",
        sign="LOAD REPORT: transformer.h.11.ln_1.bias | UNEXPECTED",
        pattern=r"\| *UNEXPECTED *\|",
        matters=DEPENDS,
        meaning=Bilingual(
            "The checkpoint has weights that this class has no place for, and they were left out. Another head's "
            "weights: no harm. Whole layers (`h.…`): the model is smaller than the checkpoint, and its outputs are "
            "wrong.",
            "檢查點裡有些權重在這個類別中沒有對應的位置，因此沒有載入。如果是另一種輸出層的權重，沒有關係；"
            "如果是整層的權重（`h.…`），代表模型比檢查點小，輸出會是錯的。",
        ),
        remedy=Bilingual(
            "Load with the config of the checkpoint itself.",
            "使用檢查點自己的設定來載入。",
        ),
        code="print(GPT2Config.from_pretrained(CHECKPOINT))",
    ),
    Entry(
        slug="weights-of-another-size",
        sign="You set `ignore_mismatched_sizes` to `False`, thus raising an error.",
        pattern=r"You set `ignore_mismatched_sizes` to `False`|\| *MISMATCH *\|",
        matters=YES,
        meaning=Bilingual(
            "Weights of the checkpoint have another shape than those of the model that is to take them: a size in "
            "the config (`n_positions`, `n_embd`, `vocab_size`, `num_labels`) was changed, or config.json is not there "
            "and the sizes of the 124M GPT-2 were taken. The table above the error names the weights.",
            "檢查點的權重和模型的形狀不同。可能是設定裡有個大小改過（`n_positions`、`n_embd`、`vocab_size`、"
            "`num_labels`），也可能是沒有 config.json，於是採用了 124M GPT-2 的大小。錯誤上方的表格列出是哪些權重。",
        ),
        remedy=Bilingual(
            "Leave the size as it is. Only to give a classifier another number of classes, ignore it: those weights "
            "start at random.",
            "不要改動大小。只有想改變分類器的類別數時，才忽略這種不合；那些權重會從隨機值開始。",
        ),
        code="GPT2ForSequenceClassification.from_pretrained(CHECKPOINT, num_labels=3, ignore_mismatched_sizes=True)",
        kinds=("RuntimeError",),
    ),
    Entry(
        slug="tensors-share-memory",
        sign="Some tensors share memory, this will lead to duplicate memory on disk",
        pattern=r"Some tensors share memory, this will lead to duplicate memory on disk",
        matters=YES,
        meaning=Bilingual(
            "`lm_head.weight` and `wte.weight` are one tensor under two names (weight tying), and safetensors refuses "
            "to write it twice. Nothing was saved.",
            "`lm_head.weight` 和 `wte.weight` 是同一個張量的兩個名稱（權重綁定），safetensors 拒絕寫入兩次。"
            "什麼都沒有存下來。",
        ),
        remedy=Bilingual(
            "Let the model save itself: its own method handles the tie.",
            "改用模型自己的儲存方法，它會處理綁定。",
        ),
        code="model.save_pretrained(folder)",
        kinds=("RuntimeError",),
    ),
    Entry(
        slug="not-in-the-cache",
        sign="We couldn't connect to 'https://huggingface.co' to load the files",
        pattern=r"We couldn't connect to '[^']{1,200}' to load the files"
        r"|Cannot find the requested files in the disk cache and outgoing traffic has been disabled",
        matters=YES,
        meaning=Bilingual(
            "The model is not in the local cache, and the Hugging Face hub cannot be reached: there is no network, a "
            "proxy refuses, or `HF_HUB_OFFLINE=1` is set.",
            "模型不在本機快取裡，又連不上 Hugging Face hub：可能沒有網路、被代理伺服器拒絕，"
            "或設定了 `HF_HUB_OFFLINE=1`。",
        ),
        remedy=Bilingual(
            "Connect (and unset `HF_HUB_OFFLINE`), then run this again; or take the bundled model, which needs no "
            "network.",
            "連上網路（並取消 `HF_HUB_OFFLINE`）再執行一次；或使用附帶的小模型，它不需要網路。",
        ),
        code='from course_utils import checkpoint\nmodel = GPT2LMHeadModel.from_pretrained(checkpoint("bundled"))',
        kinds=("OSError", "LocalEntryNotFoundError"),
    ),
    Entry(
        slug="name-not-valid",
        sign="Repo id must use alphanumeric chars, '-', '_' or '.'.",
        pattern=r"Repo id must (?:use alphanumeric chars|be in the form|be a string)|Cannot have -- or \.\. in repo_id",
        matters=YES,
        meaning=Bilingual(
            "This is neither a folder that exists nor a possible name on the Hugging Face hub. Mostly it is the path "
            "of a folder that is not there, seen from where the notebook runs.",
            "這裡沒有這個資料夾，Hugging Face hub 上也不可能有這樣的名稱。多半是資料夾的路徑寫錯，"
            "或是從 notebook 執行的位置找不到它。",
        ),
        remedy=Bilingual(
            "Look from where you are, and give an existing folder or a name such as `gpt2`.",
            "先看看目前在哪個資料夾，再指定一個存在的資料夾，或像 `gpt2` 這樣的名稱。",
        ),
        code="from pathlib import Path\nprint(Path.cwd(), Path(folder).is_dir())",
        kinds=("OSError", "HFValidationError"),
    ),
    Entry(
        slug="no-such-model",
        sign="gtp2 is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'",
        pattern=r"is not a local folder and is not a valid model identifier",
        matters=YES,
        meaning=Bilingual(
            "The hub has no model of this name (and there is no folder of this name here), or it is private.",
            "hub 上沒有這個名稱的模型（這裡也沒有這個名稱的資料夾），或者這個模型不公開。",
        ),
        remedy=Bilingual(
            "Check the spelling: `gpt2`, not `gtp2`. For a private model, log in.",
            "請檢查拼字，是 `gpt2`，不是 `gtp2`。不公開的模型需要登入。",
        ),
        code='GPT2LMHeadModel.from_pretrained("gpt2")',
        kinds=("OSError", "RepositoryNotFoundError"),
    ),
    Entry(
        slug="requests-without-login",
        sign="You are sending unauthenticated requests to the HF Hub.",
        pattern=r"unauthenticated requests to the HF Hub",
        matters=NO,
        meaning=Bilingual(
            "You are not logged in to the Hugging Face hub. GPT-2 is free for all, so the download works; only the "
            "limits are lower.",
            "你沒有登入 Hugging Face hub。GPT-2 人人可用，下載不受影響，只是下載的限額比較低。",
        ),
        remedy=Bilingual(
            "Nothing. If you download a lot, log in once.",
            "不必處理。如果經常下載，登入一次就好。",
        ),
        code="hf auth login",
    ),
    Entry(
        slug="no-weights-in-the-folder",
        sign="Error no file named model.safetensors, or pytorch_model.bin, found in directory",
        pattern=r"Error no file named model\.safetensors"
        r"|does not appear to have a file named (?:pytorch_model\.bin|model\.safetensors)",
        matters=YES,
        meaning=Bilingual(
            "The folder holds no weights. Perhaps it is the folder above the right one, or only the tokenizer was "
            "saved there.",
            "這個資料夾裡沒有權重。可能是指定到上一層的資料夾，或那裡只存了 tokenizer。",
        ),
        remedy=Bilingual(
            "Give the folder that `save_pretrained` wrote.",
            "指定 `save_pretrained` 寫出的那個資料夾。",
        ),
        code="model.save_pretrained(folder)\ntokenizer.save_pretrained(folder)",
        kinds=("OSError",),
    ),
    Entry(
        slug="config-without-model-type",
        sign="Unrecognized model in ... Should have a `model_type` key in its config.json.",
        pattern=r"Unrecognized model in .{1,300}?Should have a `model_type` key",
        matters=YES,
        meaning=Bilingual(
            "`AutoModel` reads in config.json which class to take, and there is no config.json, or none that says so. "
            "(A class of your own choice would say nothing and take the sizes of the 124M GPT-2.)",
            "`AutoModel` 要從 config.json 得知該用哪個類別，但這裡沒有 config.json，或裡面沒有寫。"
            "（如果自己指定類別，就不會有任何警告，而是直接採用 124M GPT-2 的大小。）",
        ),
        remedy=Bilingual(
            "Give the folder that `save_pretrained` wrote.",
            "指定 `save_pretrained` 寫出的那個資料夾。",
        ),
        code="model.save_pretrained(folder)\nmodel = AutoModel.from_pretrained(folder)",
        kinds=("ValueError",),
    ),
    Entry(
        slug="config-not-json",
        sign="It looks like the config file at '...' is not a valid JSON file.",
        pattern=r"It looks like the config file at .{1,400}? is not a valid JSON file",
        matters=YES,
        meaning=Bilingual(
            "config.json is damaged: cut off while it was written, or edited by hand.",
            "config.json 壞了，可能是寫到一半中斷，或是手動改壞了。",
        ),
        remedy=Bilingual(
            "Save or download the checkpoint again.",
            "重新儲存或下載檢查點。",
        ),
        code="model.save_pretrained(folder)",
        kinds=("OSError",),
    ),
    Entry(
        slug="weights-damaged",
        sign="Error while deserializing header: incomplete metadata, file not fully covered",
        pattern=r"Error while deserializing header",
        matters=YES,
        meaning=Bilingual(
            "The safetensors file is not whole: a download broke off, or Git LFS left its pointer in the place of "
            "the weights.",
            "safetensors 檔案不完整。可能是下載中斷了，或 Git LFS 只留下指標，沒有真正的權重。",
        ),
        remedy=Bilingual(
            "Delete the file and fetch it again (`git lfs pull` in a clone).",
            "刪除檔案再重新下載（如果是 clone 來的，執行 `git lfs pull`）。",
        ),
        code='model = GPT2LMHeadModel.from_pretrained("gpt2", force_download=True)',
        kinds=("SafetensorError",),
    ),
    Entry(
        slug="state-dict-does-not-fit",
        sign="Error(s) in loading state_dict for GPT2LMHeadModel: Missing key(s) in state_dict",
        pattern=r"Error\(s\) in loading state_dict for",
        matters=YES,
        meaning=Bilingual(
            "Names or shapes of the weights differ. Between `GPT2Model` and `GPT2LMHeadModel` it is the prefix "
            "`transformer.`, which only the latter has.",
            "權重的名稱或形狀對不上。`GPT2Model` 和 `GPT2LMHeadModel` 之間差的是前綴 `transformer.`，只有後者才有。",
        ),
        remedy=Bilingual(
            "Load into the base inside (lesson 4). Do not reach for `strict=False`: it may load nothing at all, "
            "silently.",
            "載入到裡面的基礎模型（第 4 課）。不要改用 `strict=False`，因為可能什麼都沒載入，卻毫無警告。",
        ),
        code="lm.transformer.load_state_dict(base.state_dict())",
        kinds=("RuntimeError",),
    ),
    Entry(
        slug="pickle-refused",
        sign="Weights only load failed. This file can still be loaded",
        pattern=r"Weights only load failed",
        matters=YES,
        meaning=Bilingual(
            "The file holds Python objects and not just tensors. Loading such a file can run code, so torch refuses.",
            "這個檔案裡有 Python 物件，不只是張量。載入這種檔案可能會執行程式碼，所以 torch 拒絕載入。",
        ),
        remedy=Bilingual(
            "Save weights, not models: `save_pretrained`. Say `weights_only=False` only for a file of your own.",
            "請儲存權重，不要儲存整個模型物件：用 `save_pretrained`。只有你自己產生的檔案才加上 `weights_only=False`。",
        ),
        code="model.save_pretrained(folder)",
        kinds=("UnpicklingError",),
    ),
    Entry(
        slug="another-kind-of-model",
        sign="You are using a model of type `bert` to instantiate a model of type `gpt2`.",
        pattern=r"You are using a model of type `?\w+`? to instantiate a model of type",
        matters=YES,
        meaning=Bilingual(
            "The checkpoint belongs to another architecture. Whatever is loaded from it, GPT-2 does not work with it.",
            "這個檢查點屬於另一種架構。不管載入了哪些權重，GPT-2 都無法使用。",
        ),
        remedy=Bilingual(
            "Take a GPT-2 checkpoint, or let `AutoModel` choose the class.",
            "換成 GPT-2 的檢查點，或讓 `AutoModel` 選擇類別。",
        ),
        code="model = AutoModel.from_pretrained(name)",
    ),
    Entry(
        slug="config-expected",
        sign="Parameter config in `GPT2LMHeadModel(config)` should be an instance of class `PreTrainedConfig`.",
        pattern=r"Parameter config in `\w{1,80}\(config\)` should be an instance of class",
        matters=YES,
        meaning=Bilingual(
            "The class was called with a name, a folder or another model. `GPT2LMHeadModel(config)` builds a new "
            "model with random weights and wants a config.",
            "你呼叫類別時傳入了名稱、資料夾或另一個模型。`GPT2LMHeadModel(config)` 用來建立權重隨機的新模型，"
            "需要的是設定（config）。",
        ),
        remedy=Bilingual(
            "To load weights, use `from_pretrained`; to put an LM head on a base model, see lesson 4.",
            "要載入權重，請用 `from_pretrained`；要替基礎模型加上語言模型輸出層（LM head），見第 4 課。",
        ),
        code="model = GPT2LMHeadModel.from_pretrained(CHECKPOINT)",
        kinds=("TypeError",),
    ),
    Entry(
        slug="name-left-the-library",
        sign="cannot import name 'AdamW' from 'transformers'",
        pattern=r"cannot import name '\w{1,80}' from 'transformers",
        matters=YES,
        meaning=Bilingual(
            "transformers 5 has no such name. Gone are, among others, `AdamW`, `AutoModelWithLMHead`, `TextDataset`, "
            "and everything that begins with `TF` or `Flax`.",
            "transformers 5 沒有這個名稱。已經移除的有 `AdamW`、`AutoModelWithLMHead`、`TextDataset`，"
            "以及所有以 `TF` 或 `Flax` 開頭的類別。",
        ),
        remedy=Bilingual(
            "Use the function or class that has taken its place.",
            "改用取代它的函式或類別。",
        ),
        code="from torch.optim import AdamW\nfrom transformers import AutoModelForCausalLM, GPT2LMHeadModel",
        kinds=("ImportError",),
    ),
    Entry(
        slug="task-left-the-library",
        sign="The task text2text-generation has been removed from transformers.",
        pattern=r"The task \S{1,60} has been removed from transformers",
        matters=YES,
        meaning=Bilingual(
            "This pipeline is no longer part of transformers.",
            "這種 pipeline 已經不在 transformers 裡。",
        ),
        remedy=Bilingual(
            "For GPT-2 it is `text-generation`.",
            "GPT-2 用的是 `text-generation`。",
        ),
        code='pipeline("text-generation", model=model, tokenizer=tokenizer)',
        kinds=("KeyError",),
    ),
    Entry(
        slug="argument-of-another-time",
        sign="GPT2Model.__init__() got an unexpected keyword argument 'load_in_8bit'",
        pattern=r"GPT2\w{1,40}\.__init__\(\) got an unexpected keyword argument",
        matters=YES,
        meaning=Bilingual(
            "`from_pretrained` does not know this argument (any more) and passed it on to the class, which does not "
            "know it either.",
            "`from_pretrained` 不認得（或不再認得）這個引數，就把它轉給類別，而類別也不認得。",
        ),
        remedy=Bilingual(
            "Check the spelling, or leave it out. Of the old ones: `use_auth_token` is `token` now, `load_in_8bit` "
            "is part of `quantization_config`.",
            "檢查拼字，或拿掉它。舊的寫法裡，`use_auth_token` 現在是 `token`，`load_in_8bit` 則放進 "
            "`quantization_config`。",
        ),
        code="GPT2Model.from_pretrained(CHECKPOINT, dtype=torch.float32)",
        kinds=("TypeError",),
    ),
    Entry(
        slug="torchvision-not-needed",
        sign="`ViTImageProcessor` requires torchvision (not installed); falling back to `ViTImageProcessorPil`",
        pattern=r"`\w{1,80}` requires torchvision \(not installed\)",
        matters=NO,
        meaning=Bilingual(
            "Something imported a tool for pictures, mostly `from transformers import *`, which imports everything "
            "there is. GPT-2 needs none of it.",
            "有程式匯入了處理圖片的工具，多半是 `from transformers import *`，這樣會匯入套件裡的所有名稱。GPT-2 完全用不到那些工具。",
        ),
        remedy=Bilingual(
            "Import by name only what you use: it is faster, too.",
            "只匯入你要用的名稱，速度也快得多。",
        ),
        code="from transformers import AutoTokenizer, GPT2LMHeadModel",
    ),
    Entry(
        slug="flash-attention-not-installed",
        sign="FlashAttention2 has been toggled on, but it cannot be used",
        pattern=r"FlashAttention\d? ?has been toggled on, but it cannot be used",
        matters=YES,
        meaning=Bilingual(
            "FlashAttention is a package of its own, and needs a GPU.",
            "FlashAttention 是另一個套件，而且需要 GPU。",
        ),
        remedy=Bilingual(
            "Leave the argument out: the default, SDPA (the attention function built into PyTorch), is fast and runs everywhere.",
            "拿掉這個引數。預設的 SDPA（PyTorch 內建的注意力函式）夠快，而且到處都能執行。",
        ),
        code="model = GPT2LMHeadModel.from_pretrained(CHECKPOINT)",
        kinds=("ImportError",),
    ),
)
